"""The encoded pixels within picture files, and their fingerprint in the metadata (provenance/fingerprint.py)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from faceswap.media.pictures.exr import MAGIC, encoded_pixels_of_exr
from faceswap.media.pictures.tiff import pixels_of_tiff
from faceswap.provenance.fingerprint import BLANK, mark_of
from faceswap.utils.limits import PICTURE_BYTES
from faceswap.utils.untrusted.reading import open_regular

_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*")
_START_OF_SCAN = 0xDA


def stamped(data: bytes) -> bytes:
    """Return the bytes of a picture file with its fingerprint where room was left for it."""
    blank = BLANK.encode()
    if blank not in data:
        return data
    mark = mark_of(encoded_pixels(data)).encode()
    if not data.startswith(_PNG):
        return data.replace(blank, mark)
    parts = [_PNG]
    for kind, content in _png_chunks(data):
        content = content.replace(blank, mark)
        parts += [struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(kind + content))]
    return b"".join(parts)


def picture_mark(path: Path) -> str:
    """Return the fingerprint of a picture file as it would stand in its metadata.

    Raises:
        ValueError: It is no picture, which its first bytes tell: a film is not read for that, or larger than one.
        OSError: It cannot be read.
    """
    with open(open_regular(path), "rb") as file:
        start = file.read(len(_PNG))
        if not start.startswith((_PNG, b"\xff\xd8", b"RIFF", MAGIC, *_TIFF)):
            raise ValueError("no PNG, JPEG, WebP, TIFF or EXR")
        content = start + file.read(PICTURE_BYTES - len(start) + 1)
    if len(content) > PICTURE_BYTES:
        raise ValueError("larger than pictures are")
    return mark_of(encoded_pixels(content))


def encoded_pixels(data: bytes) -> Iterator[bytes | memoryview]:
    """Yield what of a picture file of ours holds pixels. Raises ValueError for other files and damaged ones."""
    if data.startswith(_PNG):
        yield from (content for kind, content in _png_chunks(data) if kind in (b"IDAT", b"fdAT"))
    elif data.startswith(b"\xff\xd8"):
        yield memoryview(data)[_scan_of_jpeg(data) :]
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from (content for kind, content in _riff_chunks(data) if kind in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF"))
    elif data.startswith(MAGIC):
        yield encoded_pixels_of_exr(data)
    else:
        yield from pixels_of_tiff(data)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    while place + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        place += 12 + size


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, place)
        yield kind, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _scan_of_jpeg(data: bytes) -> int:
    """Return where the first scan begins, behind the segments of metadata."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        if data[place + 1] == _START_OF_SCAN:
            return place
        (size,) = struct.unpack_from(">H", data, place + 2)
        place += 2 + size
    raise ValueError("a JPEG file without a scan")
