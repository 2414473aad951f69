"""Reading of tensors from torch files, and from pickles that contain such files, without running any of their code.

Three forms (torch/serialization.py): a zip archive of a pickle and one record a storage (since torch 1.6); before that
five pickles in a row and the storages behind them; and a bare pickle, whose storages are whole files of the second
form in byte strings. Only what weights consist of is imitated. A tensor is read when it is asked for.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faceswap.utils.limits import PICKLE_STEPS, SPARE_BYTES, TORCH_RECORDS, WEIGHTS_BYTES
from faceswap.utils.untrusted.file_kinds import mistaken_for
from faceswap.utils.untrusted.pickle_interpreter import BuildTarget, PickleError, SafeGlobal, expect, plain_key
from faceswap.utils.untrusted.reading import Untrusted, read_bytes
from faceswap.utils.untrusted.safe_pickle import load_at

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


@dataclass(frozen=True)
class Storage:
    """A run of numbers in the file; `content` gives their bytes, exactly as many as they take."""

    dtype: torch.dtype
    count: int
    content: Callable[[], bytes]


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that has not been read."""

    source: Storage | NestedFile
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def read(self) -> Tensor:
        """Return a copy of its own.

        Raises:
            PickleError: The storage does not hold what it claims.
        """
        storage = self.source.storage() if isinstance(self.source, NestedFile) else self.source
        count, last = (
            prod(self.shape),
            self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride, strict=True)),
        )
        if count and not (count <= storage.count and last < storage.count):  # a number that counts twice is no weight
            raise PickleError("it holds a tensor that is larger than its numbers")
        content = bytearray(storage.content())
        if len(content) != storage.count * storage.dtype.itemsize:
            raise PickleError("it holds numbers that are cut short")
        if not count:
            return torch.empty(self.shape, dtype=storage.dtype)
        flat = torch.frombuffer(content, dtype=storage.dtype)
        return flat.as_strided(self.shape, self.stride, self.offset).clone(memory_format=torch.contiguous_format)


@dataclass(frozen=True)
class NestedFile:
    """A file of torch's within a pickle, which is to hold one storage."""

    data: bytes

    def storage(self) -> Storage:
        return expect(_read(self.data, {}), Storage)


def refuse_repeated(tensors: Iterable[StoredTensor]) -> None:
    """Raise PickleError when tensors have far more numbers than the file: each would be read for itself."""
    asked, held = 0, {}
    for tensor in tensors:
        source = tensor.source
        if isinstance(source, NestedFile):
            item_bytes, held[id(source)] = 4, len(source.data)
        else:
            item_bytes = source.dtype.itemsize
            held[id(source)] = source.count * item_bytes
        asked += prod(tensor.shape) * item_bytes
    if asked > 2 * sum(held.values()) + SPARE_BYTES:
        raise PickleError("it counts its numbers many times")


class NamespaceAttributes(BuildTarget):
    """An argparse.Namespace: its attributes as a dict."""

    def build(self, state: Any) -> dict:
        return expect(state, dict)


class Table(dict, BuildTarget):
    """An OrderedDict; the attributes that state dicts have besides (versions of modules) are dropped."""

    def __init__(self, pairs: Any = ()) -> None:
        for pair in expect(pairs, list | tuple):
            key, value = expect(pair, list | tuple)
            self[plain_key(key)] = value
        self.memo_keys = []

    def build(self, state: Any) -> Table:
        return self


def read_torch_file(path: Path, names: dict[tuple[str, str], SafeGlobal] | None = None) -> Any:
    """Return the value in a file, its tensors as `StoredTensor`. Raises PickleError and OSError.

    Args:
        names: What a bare pickle may ask for besides.
    """
    try:
        data = read_bytes(path, WEIGHTS_BYTES)
    except Untrusted as error:
        raise PickleError(str(error)) from error
    if told := mistaken_for(data):
        raise PickleError(told)
    return _read(data, names or {})


def read_torch_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors in a state dict, by name; of a file that is one tensor, under the name "array".

    Whatever else is in it is left out. Memory stays a small multiple of the file's size.

    Raises:
        PickleError: It is damaged, packed, or holds more than plain data.
        OSError: It cannot be read.
    """
    value = read_torch_file(path)
    table = value if isinstance(value, dict) else {"array": value}
    found = {str(name): one for name, one in table.items() if isinstance(one, StoredTensor)}
    refuse_repeated(found.values())
    return {name: one.read() for name, one in found.items()}


def _read(data: bytes, names: dict[tuple[str, str], SafeGlobal]) -> Any:
    if data.startswith(b"PK\x03\x04"):
        return _read_zip(data)
    value, end = load_at(data, 0, {**_NAMES, **names}, most_steps=PICKLE_STEPS)
    return _read_row(data, end) if value == _MAGIC else value


def _read_row(data: bytes, position: int) -> Any:
    """Read a legacy file: pickles of the protocol, the system, the value and the storages' names, then the storages."""
    protocol, position = load_at(data, position)
    machine, position = load_at(data, position)
    if protocol != _PROTOCOL or expect(machine, dict).get("little_endian") is not True:
        raise PickleError("it was written in an order of bytes that is not read here")
    storages: dict[str, Storage] = {}
    places: dict[str, tuple[int, int]] = {}

    def refer(reference: Any) -> Storage:
        dtype, key, count = _reference(reference, 6)
        content = lambda: data[places[key][0] : places[key][1]]  # noqa: E731 (known when all has been read)
        return storages.setdefault(key, Storage(dtype, count, content))

    value, position = load_at(data, position, _NAMES, refer, PICKLE_STEPS)
    keys, position = load_at(data, position)
    for key in expect(keys, list):
        storage = storages.get(expect(key, str))
        if storage is None or int.from_bytes(data[position : position + 8], "little") != storage.count:
            raise PickleError("its list of numbers does not fit them")
        begin, position = position + 8, position + 8 + storage.count * storage.dtype.itemsize
        places[key] = begin, position
    if position > len(data) or places.keys() != storages.keys():
        raise PickleError("it is cut short")
    return value


def _read_zip(data: bytes) -> Any:
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, OSError) as error:
        raise PickleError("it is a damaged archive") from error
    # torch never packs: a record that grows, or lies over another one, is a trap
    packed = any(entry.compress_type or entry.compress_size != entry.file_size for entry in entries)
    if packed or len(entries) > TORCH_RECORDS or sum(entry.file_size for entry in entries) > len(data):
        raise PickleError("it is an archive that torch did not write")
    records = {entry.filename: entry for entry in entries}
    pickles = [name for name in records if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise PickleError("it is an archive without weights")
    folder = pickles[0].removesuffix("data.pkl")

    storages: dict[Any, Storage] = {}

    def record(name: str) -> bytes:
        start = records[name].header_offset
        lengths = data[start + 26 : start + 30]
        begin = start + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        return data[begin : begin + records[name].file_size]

    def refer(reference: Any) -> Storage:
        dtype, key, count = _reference(reference, 5)
        if f"{folder}data/{key}" not in records:
            raise PickleError("it lacks numbers that it refers to")
        if records[f"{folder}data/{key}"].file_size != count * dtype.itemsize:  # torch reads on behind the end
            raise PickleError("it holds numbers that are cut short")
        content = lambda: record(f"{folder}data/{key}")  # noqa: E731 (as above)
        return storages.setdefault((key, dtype, count), Storage(dtype, count, content))

    if f"{folder}byteorder" in records and record(f"{folder}byteorder") != b"little":
        raise PickleError("it was written in an order of bytes that is not read here")
    return load_at(record(pickles[0]), 0, _NAMES, refer, PICKLE_STEPS)[0]


def _reference(reference: Any, length: int) -> tuple[torch.dtype, str, int]:
    """Return type, key and count of a storage that a pickle refers to."""
    expect(reference, tuple)
    if len(reference) != length or reference[0] != "storage" or reference[5:] not in ((), (None,)):
        raise PickleError("it refers to something that is no storage")
    kind, count = expect(reference[1], SafeGlobal).name, expect(reference[4], int)
    if kind not in _DTYPES or not 0 <= count <= WEIGHTS_BYTES:
        raise PickleError("it refers to something that is no storage")
    return _DTYPES[kind], expect(reference[2], str), count


def _tensor(source: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> StoredTensor:
    sizes = [expect(number, int) for number in (offset, *expect(shape, tuple), *expect(stride, tuple))]
    if len(shape) != len(stride) or len(shape) > 8 or not all(0 <= size <= WEIGHTS_BYTES for size in sizes):
        raise PickleError("it holds a tensor of an impossible shape")
    return StoredTensor(expect(source, Storage | NestedFile), offset, shape, stride)


def _parameter(tensor: Any, *_: Any) -> StoredTensor:
    return expect(tensor, StoredTensor)


def _list(items: Any = ()) -> list:
    return list(expect(items, list | tuple))


def _type_only(*_: Any) -> Any:
    raise PickleError("it calls a type of numbers")


_NAMES = {
    ("collections", "OrderedDict"): SafeGlobal("OrderedDict", Table),
    ("argparse", "Namespace"): SafeGlobal("Namespace", NamespaceAttributes),
    ("torch._utils", "_rebuild_tensor_v2"): SafeGlobal("_rebuild_tensor_v2", _tensor),
    ("torch._utils", "_rebuild_parameter"): SafeGlobal("_rebuild_parameter", _parameter),
    ("torch.storage", "_load_from_bytes"): SafeGlobal("_load_from_bytes", lambda data: NestedFile(expect(data, bytes))),
    **dict.fromkeys((("builtins", "set"), ("__builtin__", "set")), SafeGlobal("set", _list)),
    **{("torch", name): SafeGlobal(name, _type_only) for name in _DTYPES},
}
