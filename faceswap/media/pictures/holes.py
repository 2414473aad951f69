"""Pictures of which a disk has lost a part: decoders fill the hole with grey, bars or noise, and say nothing."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import BinaryIO

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_PART_BYTES = 1 << 20
_HOLE = bytes(256)  # file systems lose whole sectors, of 512 and more
_TABLES, _BASELINE, _EXTENDED, _PROGRESSIVE, _SCAN = 0xC4, 0xC0, 0xC1, 0xC2, 0xDA
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # others belong to the pixels: a stuffed 255, a restart
_END_OF_BLOCK, _ENDS_OF_BLOCKS = 0x00, frozenset(range(0x10, 0xF0, 0x10))


def refuse_holes(path: Path) -> None:
    """Raise OSError for a PNG whose checksums are wrong and for a JPEG with a long run of zeros in its pixels.

    Pillow looks at neither: it passes over the checksums of a PNG's pixels and libjpeg's warnings. Other formats are
    not looked at, nor parts of a JPEG whose tables let a flat picture be all zeros.
    """
    with open(path, "rb") as file:
        head = file.read(8)
        if head == _PNG:
            _check_png(file)
        elif head[:3] == _JPEG:
            file.seek(2)
            if _has_absurd_zeros(file):
                raise OSError("a part of it is zeros, as a power cut leaves it")


def _check_png(file: BinaryIO) -> None:
    """Compare the checksums of all chunks of pixels."""
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        left, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind not in (b"IDAT", b"fdAT"):  # Pillow checks the others
            file.seek(left + 4, 1)
            continue
        found = zlib.crc32(kind)
        while left > 0 and (part := file.read(min(left, _PART_BYTES))):
            found, left = zlib.crc32(part, found), left - len(part)
        told = file.read(4)
        if left == 0 and len(told) == 4 and int.from_bytes(told, "big") != found:  # else it is cut off
            raise OSError("its checksum is wrong: a part of it was lost")


def _has_absurd_zeros(file: BinaryIO) -> bool:
    """Return whether a hole lies in a scan whose tables do not let a flat picture be all zeros.

    What comes behind the end of the picture may be anything.
    """
    tables: dict[int, bytes] = {}
    frame = 0
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:
        marker, length = head[1], int.from_bytes(head[2:], "big") - 2
        if length < 0:
            break
        content = file.read(length)
        if marker in (_BASELINE, _EXTENDED, _PROGRESSIVE):
            frame = marker
        elif marker == _TABLES:
            tables |= _symbols(content)
        elif marker == _SCAN and _hole_before_marker(file) and _zeros_are_absurd(frame, tables, content):
            return True
    return False


def _symbols(content: bytes) -> dict[int, bytes]:
    """Return the symbols of each table of a segment, the shortest code first, by its class (16: of AC) and number."""
    tables = {}
    while len(content) > 17:
        count = sum(content[1:17])
        tables[content[0]] = content[17 : 17 + count]
        content = content[17 + count :]
    return tables


def _zeros_are_absurd(frame: int, tables: dict[int, bytes], scan: bytes) -> bool:
    """Return whether no flat picture is zeros alone in this scan.

    The first symbol of a table is the one that zeros stand for. In the usual tables that of the brightness is "the next
    coefficient is -1", sixty-three times over; in one made for a picture it may be "nothing more in this block". A
    progressive scan of coefficients but the first tells with how many blocks that goes on, so that it is never said
    twice in a row, by an encoder that tells it at all; in one of first coefficients zeros are a flat picture.
    """
    if frame in (_BASELINE, _EXTENDED):
        return any(symbols[:1] > bytes([_END_OF_BLOCK]) for number, symbols in tables.items() if number >> 4)
    if frame != _PROGRESSIVE or len(scan) < 6 or scan[-3] == 0:
        return False
    symbols = tables.get(0x10 | scan[2] & 15, b"")
    return bool(symbols) and (symbols[0] != _END_OF_BLOCK or not _ENDS_OF_BLOCKS.isdisjoint(symbols))


def _hole_before_marker(file: BinaryIO) -> bool:
    """Go to the next marker; return whether a hole lies before it."""
    found, kept = False, b""
    while part := file.read(_PART_BYTES):
        data = kept + part
        marker = _MARKER.search(data)
        found = found or data.find(_HOLE, 0, marker.start() if marker else None) >= 0
        if marker:
            file.seek(marker.start() - len(data), 1)
            break
        kept = data[-len(_HOLE) :]
    return found
