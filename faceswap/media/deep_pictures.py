"""Picture files of 16 bits a channel, and of light: PNG, TIFF and EXR, read and written in full depth."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.stored_picture import StoredPicture, light_to_screen, rounded
from faceswap.media.pictures.exr import SUFFIX as EXR
from faceswap.media.pictures.exr import encode_exr, exr_header, is_exr, read_exr, shown_light
from faceswap.media.pictures.images import check_whole, opened, orientation_of, read_image
from faceswap.media.pictures.tiff import described
from faceswap.media.video.colour_tags import MATRIX_RGB, ColourTags, codes_to_rgb_matrix
from faceswap.media.video.stored import stored_from_rgb
from faceswap.media.video.transfer import to_light
from faceswap.utils.errors import UserError

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # tags it does not know are no news
DEEP_SUFFIXES = (".png", ".tif", ".tiff", EXR)
_PNG_HEADER = 8 + 25  # signature and the first chunk
_BITS_A_SAMPLE = 258  # a TIFF tag


def depth_of(path: Path) -> int:
    """Return the bits a channel of a picture file: 8, 16 for PNG and TIFF that have as many, 32 for EXR.

    Raises:
        UserError: It cannot be read, or is too large.
    """
    return _look(path)[0]


def read_stored(path: Path) -> StoredPicture:
    """Return a picture file in its own depth, upright; transparency is laid on black.

    Raises:
        UserError: It cannot be read, or is too large.
    """
    bits, orientation = _look(path)
    if bits == 32:
        light = read_exr(path)
        red, green, blue = (np.ascontiguousarray(light[..., number]) for number in range(3))
        return StoredPicture((red, green, blue), np.eye(3, 4), 32, is_linear=True)
    if bits == 8:
        return stored_from_rgb(read_image(path))
    check_whole(path)
    values = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16:
        raise UserError(f"cannot read the picture {path}: the file is damaged, or 16-bit of an unknown kind")
    values = _upright(values if values.ndim == 3 else values[..., None], orientation)
    if values.shape[2] in (2, 4):
        colour = values[..., :-1].astype(np.float32) * (values[..., -1:].astype(np.float32) * np.float32(1 / 65535))
        values = rounded(colour, 16)
    blue, green, red = (np.ascontiguousarray(values[..., number % values.shape[2]]) for number in range(3))
    to_rgb = codes_to_rgb_matrix(ColourTags(2, MATRIX_RGB), values.shape[1], values.shape[0], 16)
    return StoredPicture((red, green, blue), to_rgb, 16)


def read_picture(path: Path, stored_bits: int) -> tuple[NDArray[np.uint8], StoredPicture | None]:
    """Return a picture in 8 bits and, where `stored_bits` are asked for, in its own depth or in so many bits.

    Raises:
        UserError: It cannot be read, or is too large.
    """
    if not stored_bits:
        return read_image(path), None
    if depth_of(path) == 8:
        image = read_image(path)
        return image, stored_from_rgb(image, stored_bits)
    stored = read_stored(path)
    return shown(stored), stored


def shown(picture: StoredPicture) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 RGB of a picture, as finders and models see it: what is brighter than white is white."""
    rgb = picture.rgb()
    return shown_light(rgb) if picture.is_linear else rounded(rgb * np.float32(255), 8)


def encode_deep(
    picture: StoredPicture, suffix: str, *, colour: ColourTags, metadata: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a picture file in full depth: 16 bits, or light in an EXR file.

    Args:
        picture: The planes.
        suffix: One of DEEP_SUFFIXES.
        colour: What its values are coded in; EXR gets the light that it means.
        metadata: Of the file.
    """
    rgb = picture.rgb()
    if suffix == EXR:
        light = rgb if picture.is_linear else to_light(rgb, colour.transfer)
        return encode_exr(light, alpha=None, primaries=colour.primaries, metadata=metadata or {})
    if picture.is_linear:
        rgb = light_to_screen(np.clip(rgb, 0, 1))
    bits = 8 if picture.bits == 8 else 16
    values = rounded(rgb * np.float32(2**bits - 1), bits)
    return encode_whole_numbers(values, suffix, colour=colour, metadata=metadata)


def encode_whole_numbers(
    values: NDArray, suffix: str, *, colour: ColourTags, metadata: Mapping[str, str] | None = None
) -> bytes:
    """Return a PNG or TIFF file of (H, W, 3 or 4) uint8 or uint16 RGB or RGBA."""
    order = cv2.COLOR_RGB2BGR if values.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    options = [cv2.IMWRITE_PNG_COMPRESSION, 3] if suffix == ".png" else []
    is_made, data = cv2.imencode(suffix, cv2.cvtColor(values, order), options)
    if not is_made:
        raise UserError(f"cannot write a picture of {values.shape[1]} x {values.shape[0]} as {suffix}")
    text = metadata or {}
    return _png_with(data.tobytes(), colour, text) if suffix == ".png" else _tiff_with(data.tobytes(), text)


def _look(path: Path) -> tuple[int, int]:
    """Return the bits a channel of a picture file and its EXIF orientation; its size is checked on the way."""
    if is_exr(path):
        exr_header(path)
        return 32, 1
    with opened(path) as image:
        orientation = orientation_of(image, path)
        if image.format == "PNG":
            with open(path, "rb") as file:
                return (16 if file.read(25)[24:] == b"\x10" else 8), orientation
        is_deep = image.format == "TIFF" and max(image.tag_v2.get(_BITS_A_SAMPLE, (8,))) == 16
        return (16 if is_deep else 8), orientation


def _upright(values: NDArray, orientation: int) -> NDArray:
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    vertical = -1 if orientation in (3, 4, 7, 8) else 1
    horizontal = -1 if orientation in (2, 3, 6, 7) else 1
    return values[::vertical, ::horizontal]


def _png_with(data: bytes, colour: ColourTags, text: Mapping[str, str]) -> bytes:
    """Return a PNG file with what its values mean (cICP) and words in it, before its pixels."""
    words = (b"%s\0\0\0\0\0%s" % (key.encode("latin-1")[:79], value.encode()) for key, value in text.items())
    chunks = [_chunk(b"iTXt", content) for content in words]
    if colour.transfer in (16, 18):  # others are told by what readers take for granted
        chunks.insert(0, _chunk(b"cICP", bytes((colour.primaries, colour.transfer, 0, 1))))
    return b"".join((data[:_PNG_HEADER], *chunks, data[_PNG_HEADER:]))


def _tiff_with(data: bytes, text: Mapping[str, str]) -> bytes:
    return described(data, "; ".join(f"{key}={value}" for key, value in text.items())) if text else data


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
