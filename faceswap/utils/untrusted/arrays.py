"""Reading of stored arrays and headers of weights: plain numbers only, sizes checked before allocation."""

from __future__ import annotations

import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import EllipsisType
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.limits import ARCHIVE_MEMBERS, ARRAY_BYTES, DIMENSIONS, HEADER_BYTES, TENSORS
from faceswap.utils.untrusted.reading import Untrusted, open_regular, parse_json

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_PLAIN_KINDS = "biufU"
_ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4,
               "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}  # fmt: skip
_UNREADABLE = (ValueError, TypeError, LookupError, SyntaxError, EOFError, RecursionError, MemoryError, OverflowError,
               NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError)  # fmt: skip


ANY_SHAPE: EllipsisType = ...


class Expected(NamedTuple):
    """What a stored array has to be: its `kinds` of numbers (numpy's letters) and its `shape`, None: any length."""

    kinds: str
    shape: Sequence[int | None] | EllipsisType


def read_npy(path: str | Path, expected: Expected, most_bytes: int = ARRAY_BYTES) -> NDArray[Any]:
    """Return the array in a .npy file, as a whole. Raises OSError, and Untrusted when it is not as `expected`."""
    with open(open_regular(path), "rb") as file:
        return _array(file, os.fstat(file.fileno()).st_size, expected, most_bytes)


def map_npy(path: str | Path, expected: Expected) -> NDArray[Any]:
    """Return the array in a .npy file, read from the disk as it is used. Raises OSError and Untrusted."""
    with open(open_regular(path), "rb") as file:
        shape, is_fortran, dtype = _checked_header(file, os.fstat(file.fileno()).st_size, expected)
        offset = file.tell()
        if 0 in shape:  # nothing can be mapped
            return np.empty(shape, dtype)
        return np.memmap(file, dtype, "r", offset, shape, "F" if is_fortran else "C")


def read_npz(
    path: str | Path, expected: Mapping[str, Expected], optional: Sequence[str] = (), most_bytes: int = ARRAY_BYTES
) -> dict[str, NDArray[Any]]:
    """Return the `expected` arrays of a .npz file; others in it are not looked at.

    Those that are `optional` may be missing. `most_bytes`: of all of them unpacked.

    Raises:
        OSError: The file cannot be opened.
        Untrusted: It is no such archive, or an array is missing or not as expected.
    """
    with open(open_regular(path), "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _members(archive, expected, optional, most_bytes)
        except Untrusted:
            raise
        except _UNREADABLE as error:
            raise Untrusted(f"it is damaged, or no archive of numpy ({type(error).__name__})") from error


def read_safetensors_header(path: str | Path) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, str]]:
    """Return what a safetensors file holds, without reading it: dtype and shape by name, and its texts.

    Sizes are checked against the file, so that reading it takes no more than it has. Raises OSError and Untrusted.
    """
    with open(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or not 2 <= length <= min(HEADER_BYTES, size - 8):
            raise Untrusted("it is no safetensors file, or cut short")
        header = parse_json(file.read(length))
    if not isinstance(header, dict) or len(header) > TENSORS:
        raise Untrusted("its header lists no tensors, or too many")
    texts = header.pop("__metadata__", None) or {}
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise Untrusted("its header's texts are damaged")
    tensors = {str(name): _tensor(entry, size - 8 - length) for name, entry in header.items()}
    return tensors, texts


def _tensor(entry: Any, content_bytes: int) -> tuple[str, tuple[int, ...]]:
    """Return dtype and shape of a header's entry that lies within the file."""
    if not isinstance(entry, dict):
        raise Untrusted("its header is damaged")
    dtype, shape, place = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if (
        not isinstance(dtype, str)
        or dtype not in _ITEM_BYTES
        or not isinstance(shape, list)
        or not isinstance(place, list)
        or len(place) != 2
    ):
        raise Untrusted("its header is damaged")
    if len(shape) > DIMENSIONS or any(type(number) is not int or number < 0 for number in [*shape, *place]):
        raise Untrusted("its header is damaged")
    if not place[0] <= place[1] <= content_bytes:
        raise Untrusted("its header and its contents disagree")
    if math.prod(shape) * _ITEM_BYTES[dtype] != place[1] - place[0]:
        raise Untrusted("its header and its contents disagree")
    return dtype, tuple(shape)


def _members(
    archive: zipfile.ZipFile, expected: Mapping[str, Expected], optional: Sequence[str], most_bytes: int
) -> dict[str, NDArray[Any]]:
    entries = archive.infolist()
    if len(entries) > ARCHIVE_MEMBERS:
        raise Untrusted("it holds too many arrays")
    by_name = {entry.filename.removesuffix(".npy"): entry for entry in entries}
    missing = [name for name in expected if name not in by_name and name not in optional]
    if missing:
        raise Untrusted(f"it lacks {', '.join(missing)[:100]}")
    chosen = {name: by_name[name] for name in expected if name in by_name}
    if sum(entry.file_size for entry in chosen.values()) > most_bytes:
        raise Untrusted(f"it unpacks to more than {most_bytes >> 20} MB")
    arrays = {}
    for name, entry in chosen.items():
        with archive.open(entry) as file:
            arrays[name] = _array(file, entry.file_size, expected[name], most_bytes)
    return arrays


def _array(file: IO[bytes], size: int, expected: Expected, most_bytes: int) -> NDArray[Any]:
    if size > most_bytes:
        raise Untrusted(f"it is larger than {most_bytes >> 20} MB")
    shape, is_fortran, dtype = _checked_header(file, size, expected)
    count = math.prod(shape) * dtype.itemsize
    content = file.read(count)
    if len(content) != count:
        raise Untrusted("it is cut short")
    return np.frombuffer(bytearray(content), dtype).reshape(shape, order="F" if is_fortran else "C")


def _checked_header(file: IO[bytes], size: int, expected: Expected) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the header of a .npy of `size` bytes, which leaves `file` at the numbers."""
    try:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise Untrusted("it is an unknown version of .npy")
        shape, is_fortran, dtype = _HEADERS[version](file)
    except Untrusted:
        raise
    except _UNREADABLE as error:
        raise Untrusted("it is damaged, or no array of numpy") from error
    if dtype.hasobject or dtype.kind not in _PLAIN_KINDS or dtype.kind not in expected.kinds:
        raise Untrusted(f"it holds {dtype.name[:40]}, which is not accepted here")
    if len(shape) > DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise Untrusted("it has an impossible shape")
    if not isinstance(expected.shape, EllipsisType):
        _check_shape(shape, tuple(expected.shape))
    if math.prod(shape) * dtype.itemsize != size - file.tell():
        raise Untrusted("its header and its contents disagree")
    return shape, is_fortran, dtype


def _check_shape(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> None:
    if len(shape) != len(wanted) or any(w not in (None, n) for w, n in zip(wanted, shape, strict=True)):
        told = " x ".join("N" if w is None else str(w) for w in wanted) or "a single number"
        raise Untrusted(f"it has the shape {shape}, not {told}")
