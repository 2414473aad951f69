"""Words in TIFF files, which OpenCV writes without any, and what of them holds pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_LITTLE_ENDIAN = b"II*\0"
_DESCRIPTION, _STRIP_OFFSETS, _STRIP_SIZES = 270, 273, 279
_ASCII = 2
_WIDTHS = {3: "H", 4: "I"}  # of numbers, by their type
_ENTRY = struct.Struct("<HHI4s")


def described(data: bytes, text: str) -> bytes:
    """Return a TIFF file with this description: a new directory at its end has the old entries and this one."""
    entries = _directory(data)
    content = text.encode() + b"\0"
    data += b"\0" * (len(data) % 2)
    entries.append(_ENTRY.pack(_DESCRIPTION, _ASCII, len(content), struct.pack("<I", len(data))))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    content += b"\0" * (len(content) % 2)
    start = len(data) + len(content)
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
    return b"".join((data[:4], struct.pack("<I", start), data[8:], content, directory))


def pixels_of_tiff(data: bytes) -> Iterator[memoryview]:
    """Yield the strips of a TIFF file. Raises ValueError for one that has none."""
    try:
        entries = _directory(data)
        numbers = {
            tag: _numbers(data, entry)
            for entry in entries
            if (tag := struct.unpack_from("<H", entry)[0]) in (_STRIP_OFFSETS, _STRIP_SIZES)
        }
        strips = list(zip(numbers[_STRIP_OFFSETS], numbers[_STRIP_SIZES], strict=True))
    except (struct.error, KeyError) as error:
        raise ValueError("a TIFF file of an unknown kind") from error
    yield from (memoryview(data)[place : place + size] for place, size in strips)


def _directory(data: bytes) -> list[bytes]:
    """Return the entries of the first directory."""
    if not data.startswith(_LITTLE_ENDIAN):
        raise ValueError("no TIFF file of this program")
    (place,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    first = place + 2
    return [data[at : at + _ENTRY.size] for at in range(first, first + count * _ENTRY.size, _ENTRY.size)]


def _numbers(data: bytes, entry: bytes) -> tuple[int, ...]:
    _, kind, count, value = _ENTRY.unpack(entry)
    layout = struct.Struct(f"<{min(count, len(data))}{_WIDTHS[kind]}")
    return layout.unpack_from(
        value if layout.size <= len(value) else data, 0 if layout.size <= len(value) else struct.unpack("<I", value)[0]
    )
