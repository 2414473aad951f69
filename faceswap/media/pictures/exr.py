"""OpenEXR pictures through FFmpeg: light as floating-point numbers, which FFmpeg decodes and encodes without a screen.

OpenCV's own reader is switched off in its wheels, and FFmpeg's knows all compressions. What it writes lacks room for
words: they are put into the header here.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from faceswap.core.stored_picture import light_to_screen, rounded
from faceswap.utils.errors import UserError
from faceswap.utils.limits import EXR_HEADER_BYTES, PICTURE_BYTES, PICTURE_PIXELS

log = logging.getLogger(__name__)

SUFFIX = ".exr"
MAGIC = b"\x76\x2f\x31\x01"
BRIGHTEST = 65_504.0  # of 16-bit floating point
_DEEP_OR_PARTS = 0x800 | 0x1000  # of a file's flags
_BYTES_A_PIXEL = 16  # decoded: four numbers of 32 bits
_CHROMATICITIES = {  # x, y of red, green, blue, white by H.273's primaries
    1: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}


class ExrHeader(NamedTuple):
    """What an EXR file says of itself; `end`: where its header ends."""

    width: int
    height: int
    end: int


def is_exr(path: Path) -> bool:
    """Return whether a file begins as EXR does."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def exr_header(path: Path) -> ExrHeader:
    """Return the header of an EXR file.

    Raises:
        UserError: It is damaged, of several parts, deep (of several samples a pixel) or too large.
    """
    with open(path, "rb") as file:
        data = file.read(EXR_HEADER_BYTES)
    try:
        header = _parsed(data)
    except (struct.error, ValueError, IndexError) as error:
        raise UserError(f"cannot read the picture {path}: the file is damaged (its EXR header)") from error
    if struct.unpack_from("<I", data, 4)[0] & _DEEP_OR_PARTS:
        raise UserError(f"cannot read the picture {path}: it is EXR of several parts or samples; write it flat")
    pixels = header.width * header.height
    if pixels > PICTURE_PIXELS or pixels * _BYTES_A_PIXEL > PICTURE_BYTES or path.stat().st_size > PICTURE_BYTES:
        millions = min(PICTURE_PIXELS, PICTURE_BYTES // _BYTES_A_PIXEL) // 1_000_000
        raise UserError(f"cannot read the picture {path}: EXR may have {millions} million pixels; make it smaller")
    return header


def read_exr(path: Path) -> NDArray[np.float32]:
    """Return the light (H, W, 3) of an EXR file, 1 for white; of gray ones three times the same.

    What is no number (NaN, infinity) becomes black, and a warning, one a folder, says so. Transparency is left as it
    lies on black, which is how EXR stores it.

    Raises:
        UserError: As `exr_header`, and for what cannot be decoded.
    """
    exr_header(path)
    try:
        context: Any = av.CodecContext.create("exr", "r")
        frames = [*context.decode(av.Packet(path.read_bytes())), *context.decode(None)]
        planes = _planes(frames[0])
    except (av.FFmpegError, IndexError, KeyError) as error:
        raise UserError(f"cannot read the picture {path}: the file is damaged, or EXR of an unknown kind") from error
    is_number = np.isfinite(planes)
    if not is_number.all():
        _warn_of_broken(path.parent, path.name)
        planes = np.where(is_number, planes, np.float32(0))
    return planes


def encode_exr(
    light: NDArray[np.float32], *, alpha: NDArray[np.float32] | None, primaries: int, metadata: Mapping[str, str]
) -> bytes:
    """Return an EXR file of half floats, compressed without loss (ZIP).

    Args:
        light: (H, W, 3), 1 for white; with `alpha` (H, W) premultiplied.
        alpha: None for a picture without.
        primaries: By H.273, as far as EXR readers are told of them.
        metadata: Becomes text attributes.
    """
    height, width = light.shape[:2]
    context: Any = av.CodecContext.create("exr", "w")
    context.width, context.height = width, height
    context.pix_fmt = "gbrpf32le" if alpha is None else "gbrapf32le"
    context.time_base, context.options = 1, {"compression": "zip16", "format": "half"}
    frame = av.VideoFrame(width, height, context.pix_fmt)
    planes = [light[..., 1], light[..., 2], light[..., 0], *(() if alpha is None else (alpha,))]
    for plane, values in zip(frame.planes, planes, strict=True):
        place = np.frombuffer(memoryview(plane), np.float32).reshape(-1, plane.line_size // 4)
        place[:height, :width] = np.clip(values, -BRIGHTEST, BRIGHTEST)
    frame.pts = 0
    data = b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))
    attributes = b"".join(_attribute(name, "string", text.encode()) for name, text in metadata.items())
    if primaries in _CHROMATICITIES:
        attributes += _attribute("chromaticities", "chromaticities", struct.pack("<8f", *_CHROMATICITIES[primaries]))
    return _with_attributes(data, attributes)


def encoded_pixels_of_exr(data: bytes) -> memoryview:
    """Return what of an EXR file holds pixels. Raises ValueError for a damaged one."""
    try:
        end = _parsed(data[:EXR_HEADER_BYTES]).end
        (first,) = struct.unpack_from("<Q", data, end)
    except (struct.error, IndexError) as error:
        raise ValueError("a damaged EXR file") from error
    return memoryview(data)[first:]


@lru_cache(maxsize=1)
def _told() -> set[Path]:
    return set()


def _warn_of_broken(folder: Path, name: str) -> None:
    """Log one WARNING for a folder: a sequence may have thousands of such pictures."""
    if folder not in _told():
        _told().add(folder)
        log.warning("%s: numbers that are none (NaN, infinity), in %s first, become black", folder, name)


def _parsed(data: bytes) -> ExrHeader:
    """Return the header at the beginning of a file."""
    if not data.startswith(MAGIC):
        raise ValueError("no EXR file")
    place, windows = 8, {}
    while data[place]:
        name_end = data.index(b"\0", place)
        kind_end = data.index(b"\0", name_end + 1)
        (size,) = struct.unpack_from("<i", data, kind_end + 1)
        name, place = data[place:name_end], kind_end + 5 + size
        if size < 0:
            raise ValueError("a negative size")
        if name in (b"dataWindow", b"displayWindow"):
            windows[name] = struct.unpack_from("<4i", data, kind_end + 5)
    sizes = [(right - left + 1, bottom - top + 1) for left, top, right, bottom in windows.values()]
    if len(sizes) < 2 or any(min(size) < 1 for size in sizes):
        raise ValueError("no window")
    return ExrHeader(max(size[0] for size in sizes), max(size[1] for size in sizes), place + 1)


def _planes(frame: av.VideoFrame) -> NDArray[np.float32]:
    """Return (H, W, 3) RGB of a decoded frame."""
    kind, is_half = frame.format.name.rstrip("le0123456789"), "f16" in frame.format.name
    planes = []
    for number in {"gbrpf": (2, 0, 1), "gbrapf": (2, 0, 1), "grayf": (0, 0, 0)}[kind]:
        plane = frame.planes[number]
        values = np.frombuffer(memoryview(plane), np.float16 if is_half else np.float32)
        values = values.reshape(-1, plane.line_size // values.itemsize)
        planes.append(values[: frame.height, : frame.width].astype(np.float32))
    return np.stack(planes, -1)


def _attribute(name: str, kind: str, value: bytes) -> bytes:
    return b"%s\0%s\0%s%s" % (name.encode()[:31], kind.encode(), struct.pack("<i", len(value)), value)


def _with_attributes(data: bytes, attributes: bytes) -> bytes:
    """Return a file with more in its header; the places of its chunks are told anew."""
    end = _parsed(data).end
    (first,) = struct.unpack_from("<Q", data, end)
    count = (first - end) // 8
    places = np.frombuffer(data, "<u8", count, end) + len(attributes)
    return b"".join((data[: end - 1], attributes, b"\0", places.astype("<u8").tobytes(), data[end + 8 * count :]))


def shown_light(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 as a screen shows light; what is brighter than white is white."""
    return rounded(light_to_screen(np.clip(light, 0, 1)) * np.float32(255), 8)
