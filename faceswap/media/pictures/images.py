"""Reading and writing of picture files, whatever their format, mode or name."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin

from faceswap.media.pictures.exr import exr_header, is_exr, read_exr, shown_light
from faceswap.media.pictures.heif import film_in_its_place, heif_formats
from faceswap.media.pictures.holes import refuse_holes
from faceswap.media.pictures.stamp import stamped
from faceswap.provenance.fingerprint import marked
from faceswap.provenance.signing import sign, signed
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.limits import PICTURE_BYTES, PICTURE_PIXELS
from faceswap.utils.untrusted.file_kinds import look_mistaken

READ_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".jp2", ".ppm", ".pgm",
    ".heic", ".heif", ".hif", ".exr",
)  # fmt: skip
WRITE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

# Named, so that no format that runs a program (EPS) or fetches something is ever tried.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "PPM")
_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, MemoryError)
_BAND_PIXELS = 4_000_000
# A delay of 0 or 1/100 s means "as fast as you can" in old files; browsers show such frames for 1/10 s.
_SHORTEST_DELAY_MS, _DEFAULT_DELAY_MS = 11, 100


class _TooLarge(UserError):
    """A picture, but one this program does not decode."""


@dataclass(frozen=True)
class ImageHeader:
    """What a picture file says of itself: size in display orientation, and how many frames when it is an animation."""

    width: int
    height: int
    frame_count: int


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Return the picture as (H, W, 3) uint8 RGB, upright by its EXIF tag; the first one of several.

    Alpha is laid on black; 16 bits a channel become 8, and light (EXR) what a screen shows of it; embedded colour
    profiles are not applied.

    Raises:
        UserError: The file is missing, empty, damaged, cut off, no picture, or holds more than PICTURE_PIXELS or
            PICTURE_BYTES.
    """
    path = Path(path)
    if is_exr(path):
        return shown_light(read_exr(path))
    with opened(path) as image:
        check_whole(path)
        return _pixels(image, path)


def check_whole(path: Path) -> None:
    """Raise UserError for a picture file of which a disk has lost a part."""
    try:
        refuse_holes(path)
    except OSError as error:
        raise UserError(f"cannot read the picture {path}: {_reason(error, path)}") from error


def image_header(path: str | Path, most_pixels: int = PICTURE_PIXELS) -> ImageHeader | None:
    """Return the header of a picture file, None when the content is no picture, or is cut off or damaged.

    Raises:
        UserError: It is too large.
    """
    try:
        if is_exr(Path(path)):
            header = exr_header(Path(path))
            return ImageHeader(header.width, header.height, 1)
        with opened(path) as image:
            width, height = image.size
            if width * height > most_pixels:
                raise _TooLarge(_too_large(Path(path), most_pixels))
            if orientation_of(image, Path(path)) in (5, 6, 7, 8):  # turned by 90 degrees
                width, height = height, width
            animated = image.format in _ANIMATED and getattr(image, "is_animated", False)
            return ImageHeader(width, height, int(getattr(image, "n_frames", 1)) if animated else 1)
    except _TooLarge:
        raise
    except (UserError, *_UNREADABLE):
        return None


def orientation_of(image: Image.Image, path: Path) -> int:
    """Return EXIF's number for how a picture is turned; of a PNG, all is read for it. Raises UserError for damage."""
    try:
        return image.getexif().get(0x0112, 1)
    except _UNREADABLE as error:
        raise UserError(f"cannot read the picture {path}: {_reason(error, path)}") from error


def read_animation(path: str | Path) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Yield each picture of an animation as (H, W, 3) uint8 RGB, with its presentation time in seconds."""
    path = Path(path)
    with opened(path) as image:
        milliseconds = 0.0
        for number in range(int(getattr(image, "n_frames", 1))):
            try:
                image.seek(number)
            except _UNREADABLE as error:
                raise UserError(f"cannot read picture {number} of {path}: {_reason(error)}") from error
            yield _pixels(image, path), milliseconds / 1000
            milliseconds += _delay_ms(image.info.get("duration"))


def animation_seconds(path: str | Path) -> float:
    """Return how long an animated picture lasts, once through."""
    with opened(path) as image:
        milliseconds = 0.0
        try:
            for number in range(int(getattr(image, "n_frames", 1))):
                image.seek(number)
                milliseconds += _delay_ms(image.info.get("duration"))
        except _UNREADABLE as error:
            raise UserError(f"cannot read {path}: {_reason(error)}") from error
    return milliseconds / 1000


def encode_image(
    image: NDArray[np.uint8], suffix: str, *, quality: int = 97, metadata: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a .jpg, .png or .webp file; `metadata` goes into PNG text chunks or EXIF's description."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    buffer = io.BytesIO()
    suffix = suffix.lower()
    if suffix == ".png":
        text = PngImagePlugin.PngInfo()
        for key, value in (metadata or {}).items():
            text.add_itxt(key, value)
        picture.save(buffer, "PNG", compress_level=3, pnginfo=text)
        return buffer.getvalue()
    exif = Image.Exif()
    if metadata:
        exif[0x010E] = "; ".join(f"{key}={value}" for key, value in metadata.items())  # ImageDescription
    if suffix in (".jpg", ".jpeg"):
        # Chroma in full from 95 up: crops are resampled again in training.
        subsampling = 0 if quality >= 95 else 2
        picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling, exif=exif)
    elif suffix == ".webp":
        picture.save(buffer, "WEBP", quality=quality, exif=exif)
    else:
        raise UserError(f"cannot write a picture as '{suffix}'; use one of {', '.join(WRITE_SUFFIXES)}")
    return buffer.getvalue()


def encode_made(image: NDArray[np.uint8], name: str, *, quality: int, metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of a picture called `name` that is shown and not stored; what was made with AI is signed."""
    data = encode_image(image, Path(name).suffix, quality=quality, metadata=marked(metadata))
    return signed(stamped(data), name, metadata)


def write_image(
    path: str | Path,
    image: NDArray[np.uint8],
    quality: int = 97,
    metadata: Mapping[str, str] | None = None,
    sources: Sequence[Path] = (),
) -> None:
    """Write (H, W, 3) uint8 RGB by suffix, atomically, under any file name; what was made with AI is signed.

    Args:
        path: Ends in one of WRITE_SUFFIXES.
        metadata: Of the file; what notice.made_with_ai() gives says that it was made with AI.
        sources: Files that a signed picture was made from.

    Raises:
        UserError: For another suffix.
    """
    about = marked(metadata or {})
    save_picture(Path(path), encode_image(image, Path(path).suffix, quality=quality, metadata=about), metadata, sources)


def save_picture(
    path: Path, data: bytes, metadata: Mapping[str, str] | None = None, sources: Sequence[Path] = ()
) -> None:
    """Write the bytes of a picture file as `write_image` does; what `marked` left room for is filled in."""
    with atomic_path(path) as temp:
        temp.write_bytes(stamped(data))
        sign(temp, path, metadata or {}, sources)


def on_black(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay (H, W, 4) uint8 RGBA with straight alpha on black: (H, W, 3)."""
    laid = np.empty((*rgba.shape[:2], 3), np.uint8)
    for rows in _bands(*rgba.shape[:2]):
        alpha = cv2.merge([rgba[rows, :, 3]] * 3)
        cv2.multiply(np.ascontiguousarray(rgba[rows, :, :3]), alpha, dst=laid[rows], scale=1 / 255)
    return laid


def opened(path: str | Path) -> Image.Image:
    """Return the lazily opened picture of a format that Pillow reads, its size checked. Raises UserError."""
    path = Path(path)
    if path.is_dir():
        raise UserError(f"cannot read the picture {path}: it is a folder")
    if path.exists() and not path.is_file():
        raise UserError(f"cannot read the picture {path}: it is not a regular file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns early of large pictures; the bound below is this program's
            image = Image.open(path, formats=(*_FORMATS, *heif_formats(path)))
    except FileNotFoundError as error:
        raise UserError(f"cannot read the picture {path}: no such file") from error
    except Image.DecompressionBombError as error:
        raise _TooLarge(_too_large(path)) from error
    except _UNREADABLE as error:
        raise UserError(f"cannot read the picture {path}: {_reason(error, path)}") from error
    bytes_a_pixel = 4 if image.mode.startswith(("I", "F")) else max(1, len(image.getbands()))
    pixels = image.width * image.height
    if pixels > PICTURE_PIXELS or pixels * bytes_a_pixel > PICTURE_BYTES:
        image.close()
        raise _TooLarge(_too_large(path))
    return image


def _pixels(image: Image.Image, path: Path) -> NDArray[np.uint8]:
    try:
        if image.mode.startswith(("I", "F")):
            image = _to_eight_bits(image)
        ImageOps.exif_transpose(image, in_place=True)
        has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
        if has_alpha:
            return on_black(np.asarray(image.convert("RGBA")))
        if image.mode == "L":
            return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_GRAY2RGB), np.uint8)
        return np.array(image if image.mode == "RGB" else image.convert("RGB"))
    except _UNREADABLE as error:
        raise UserError(f"cannot read the picture {path}: {_reason(error, path)}") from error


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Convert gray of 16 or 32 bits, or floating point, to 8 bits: Pillow itself would clip at 255."""
    values = np.asarray(image)
    bands = list(_bands(*values.shape))
    largest = max(float(np.fmax.reduce(values[rows], axis=None)) for rows in bands)  # NaN is passed over
    if image.mode.startswith("F"):
        scale = 255.0 if largest <= 1.0 else 1.0
    else:
        scale = 255 / 65535 if largest > 255 or image.mode.startswith("I;16") else 1.0
    small = np.empty(values.shape, np.uint8)
    for rows in bands:
        small[rows] = np.clip(np.nan_to_num(values[rows].astype(np.float64)) * scale + 0.5, 0, 255)
    gray = Image.fromarray(small)
    gray.info = {key: value for key, value in image.info.items() if key == "exif"}
    return gray


def _bands(height: int, width: int) -> Iterator[slice]:
    """Return rows in bands of at most some million pixels, so that work on a huge picture takes little beside it."""
    rows = max(1, _BAND_PIXELS // max(1, width))
    return (slice(first, first + rows) for first in range(0, height, rows))


def _delay_ms(delay: object) -> float:
    milliseconds = float(delay) if isinstance(delay, int | float) else 0.0
    return milliseconds if milliseconds >= _SHORTEST_DELAY_MS else _DEFAULT_DELAY_MS


def _reason(error: BaseException, path: Path | None = None) -> str:
    if path is not None and path.is_file() and path.stat().st_size == 0:
        return "the file is empty"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, MemoryError):
        return "not enough memory"
    if type(error).__name__ == "UnidentifiedImageError":
        return (path is not None and (look_mistaken(path) or film_in_its_place(path))) or (
            "the content is no picture of a known format (JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, JPEG 2000, PPM)"
        )
    text = str(error)
    if "truncated" in text:
        return "the file is cut off; copy it again"
    return f"the file is damaged ({' '.join(text.split()) or type(error).__name__})"


def _too_large(path: Path, most_pixels: int = PICTURE_PIXELS) -> str:
    most = f"{most_pixels / 1e6:.0f} million pixels"
    return f"cannot read the picture {path}: it has more than {most}; make it smaller"
