"""Pictures of which a disk has lost a part: decoders fill the hole with grey, bars or noise, and say nothing."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_PART_BYTES = 1 << 20
_HOLE = bytes(256)  # file systems lose whole sectors, of 512 and more
_HUFFMAN_TABLES, _BASELINE, _EXTENDED, _SCAN, _END = 0xC4, 0xC0, 0xC1, 0xDA, b"\xff\xd9"


def refuse_holes(path: Path) -> None:
    """Raise OSError for a PNG whose checksums are wrong and for a JPEG with a long run of zeros in its pixels.

    Pillow looks at neither: it passes over the checksums of a PNG's pixels and libjpeg's warnings. Other formats are
    not looked at, nor progressive JPEG or one whose tables let a flat picture be all zeros.
    """
    with open(path, "rb") as file:
        head = file.read(8)
        if head == _PNG:
            _check_png(file)
        elif head[:3] == _JPEG:
            file.seek(2)
            if _zeros_are_absurd(file) and _zeros_lie_in_scan(file):
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


def _zeros_are_absurd(file: BinaryIO) -> bool:
    """Read up to the first scan; return whether its Huffman tables have no flat picture of zeros alone.

    The first symbol of a table is the one that zeros stand for. In the usual tables that of the brightness is "the next
    coefficient is -1", sixty-three times over; in one made for a picture it may be "nothing more in this block".
    """
    symbols, sequential = set[int](), False
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:
        marker, length = head[1], int.from_bytes(head[2:], "big") - 2
        if length < 0:
            return False
        content = file.read(length)
        if marker == _SCAN:
            return sequential and any(symbols)
        sequential = sequential or marker in (_BASELINE, _EXTENDED)
        while marker == _HUFFMAN_TABLES and len(content) > 17:
            if content[0] >> 4 == 1:  # of coefficients but the first
                symbols.add(content[17])
            content = content[17 + sum(content[1:17]) :]
    return False


def _zeros_lie_in_scan(file: BinaryIO) -> bool:
    """Return whether a hole lies between here and the end of the picture; what comes behind it may be anything."""
    kept = b""
    while part := file.read(_PART_BYTES):
        data = kept + part
        end = data.find(_END)
        if _HOLE in data[: end if end >= 0 else None]:
            return True
        if end >= 0:
            return False
        kept = data[-len(_HOLE) :]
    return False
