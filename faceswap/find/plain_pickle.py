"""Reads pickles of plain data and numpy arrays without ever running anything that stands in them.

Python's own unpickler imports and calls whatever the file names. Other programs store alignments as pickles, so this
is a small machine of its own for the opcodes that plain data needs: None, bools, numbers, texts, bytes, lists, tuples,
dicts with plain keys, and numpy arrays and scalars, whose few constructors are recognised by name and imitated here.
Whatever else a file asks for is refused. No opcode takes more memory than a small multiple of the file's size.

Opcodes and their arguments: `pickletools` in Python's standard library; protocols 2 to 5 are read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

_NUMBER_KINDS = {  # element types of arrays that are plain numbers
    "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8",
}  # fmt: skip
_PLAIN_KEYS = (str, bytes, int, float, bool, type(None))  # hashing them never recurses


class PickleError(ValueError):
    """The pickle is damaged, or holds more than plain data."""


@dataclass(frozen=True)
class _Constructor:
    """A name that the file may ask for; it stands for what `_Machine` does itself."""

    name: str


_CONSTRUCTORS = {
    (f"{package}{module}", name): _Constructor(name)
    for package in ("numpy.core.", "numpy._core.")
    for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
} | {
    ("numpy", "ndarray"): _Constructor("ndarray"),
    ("numpy", "dtype"): _Constructor("dtype"),
    ("_codecs", "encode"): _Constructor("encode"),
    ("__builtin__", "bytes"): _Constructor("bytes"),
}


class _Unbuilt:
    """An array whose contents follow with the BUILD opcode; `memo_keys` are the places to put the finished one."""

    def __init__(self) -> None:
        self.memo_keys: list[int] = []


class _DType:
    """A number type: `kind` such as "f4", and the byte order that BUILD brings."""

    def __init__(self, kind: str) -> None:
        if kind not in _NUMBER_KINDS:
            raise PickleError(f"it holds an array of the type {kind[:20]!r}")
        self.kind, self.order = kind, "<"

    @property
    def numpy(self) -> np.dtype:
        return np.dtype(self.order + self.kind)


def loads(data: bytes) -> Any:
    """The value in a pickle. Raises PickleError (one line) when it is damaged or holds anything but plain data."""
    try:
        return _Machine(data).run()
    except PickleError:
        raise
    except (struct.error, LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise PickleError(f"it is damaged ({type(error).__name__})") from error


class _Machine:
    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, handlers = self.data, _HANDLERS
        while True:
            opcode = data[self.position]
            if opcode == _STOP:
                return self.stack.pop()
            self.position += 1
            handler = handlers.get(opcode)
            if handler is None:
                raise PickleError(f"it asks for more than plain data (opcode 0x{opcode:02x})")
            handler(self)

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise PickleError("it is cut short")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def take_number(self, form: str) -> int:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def take_line(self) -> str:
        end = self.data.index(b"\n", self.position)
        line = self.data[self.position : end].decode("utf-8")
        self.position = end + 1
        return line

    def pop_to_mark(self) -> list[Any]:
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def numbers(self) -> None:
        """A run of numbers of one opcode at once: long lists of them are common."""
        opcode = self.data[self.position - 1]
        pattern, record = _NUMBER_RUNS[opcode]
        match = pattern.match(self.data, self.position - 1)
        if match is None:
            raise PickleError("it is cut short")
        self.stack.extend(np.frombuffer(match.group(), record)["value"].tolist())
        self.position = match.end()

    def long(self) -> None:
        self.stack.append(int.from_bytes(self.take(self.take_number("<B")), "little", signed=True))

    def append(self) -> None:
        item = self.stack.pop()
        _expect(self.stack[-1], list).append(item)

    def appends(self) -> None:
        items = self.pop_to_mark()
        _expect(self.stack[-1], list).extend(items)

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _expect(self.stack[-1], dict)[_plain_key(key)] = value

    def set_items(self) -> None:
        items = self.pop_to_mark()
        target = _expect(self.stack[-1], dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_plain_key(key)] = value

    def short_tuple(self) -> None:
        length = self.data[self.position - 1] - 0x84
        if len(self.stack) < length:
            raise PickleError("it is damaged")
        items = tuple(self.stack[-length:])
        del self.stack[-length:]
        self.stack.append(items)

    def store(self, key: int) -> None:
        value = self.stack[-1]
        self.memo[key] = value
        if isinstance(value, _Unbuilt):
            value.memo_keys.append(key)

    def global_name(self, module: str, name: str) -> None:
        constructor = _CONSTRUCTORS.get((module, name))
        if constructor is None:
            raise PickleError(f"it asks for {(module + '.' + name)[:60]!r}, which is not plain data")
        self.stack.append(constructor)

    def stack_global(self) -> None:
        name, module = _expect(self.stack.pop(), str), _expect(self.stack.pop(), str)
        self.global_name(module, name)

    def reduce(self) -> None:
        arguments, constructor = _expect(self.stack.pop(), tuple), _expect(self.stack.pop(), _Constructor)
        self.stack.append(_construct(constructor.name, arguments))

    def build(self) -> None:
        state, target = _expect(self.stack.pop(), tuple), self.stack[-1]
        if isinstance(target, _DType):
            _, order, subarray, names, fields, *_ = state
            if (subarray, names, fields) != (None, None, None) or order not in ("<", ">", "|", "="):
                raise PickleError("it holds an array of records")
            target.order = order
        elif isinstance(target, _Unbuilt):
            _, shape, dtype, column_major, content = state
            array = _array(content, dtype, shape, "F" if column_major else "C")
            self.stack[-1] = array
            for key in target.memo_keys:
                self.memo[key] = array
        else:
            raise PickleError("it builds an object that is not plain data")


def _construct(name: str, arguments: tuple) -> Any:
    """What the constructor `name` would return for `arguments`."""
    if name == "_reconstruct":
        if arguments[0] != _CONSTRUCTORS["numpy", "ndarray"]:
            raise PickleError("it holds an array of an unknown kind")
        return _Unbuilt()
    if name == "dtype":
        return _DType(_expect(arguments[0], str))
    if name == "scalar":
        dtype, content = arguments
        return _array(content, dtype, (), "C").item()
    if name == "_frombuffer":
        content, dtype, shape, order = arguments
        return _array(bytes(_expect(content, bytes)), dtype, shape, order)
    if name == "bytes" and not arguments:  # how protocol 2 writes no bytes
        return b""
    if name == "encode":  # and how it writes bytes
        text, encoding = arguments
        if encoding != "latin1":
            raise PickleError("it is damaged")
        return _expect(text, str).encode("latin-1")
    raise PickleError(f"it calls {name}, which is not plain data")


def _array(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """A fresh array of `content`, which must fill `shape` exactly."""
    element = _expect(dtype, _DType).numpy
    shape = tuple(_expect(size, int) for size in _expect(shape, tuple))
    if len(shape) > 8 or any(size < 0 for size in shape) or order not in ("C", "F"):
        raise PickleError("it holds an array of an impossible shape")
    if prod(shape) * element.itemsize != len(_expect(content, bytes)):
        raise PickleError("it holds an array whose size and contents disagree")
    return np.frombuffer(content, element).reshape(shape, order=order).astype(element.newbyteorder("="))


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise PickleError("it is damaged")
    return value


def _plain_key(key: Any) -> Any:
    if not isinstance(key, _PLAIN_KEYS):
        raise PickleError("it holds a dictionary with keys that are not plain")
    return key


def _run(code: bytes, width: int, form: str) -> tuple[re.Pattern[bytes], np.dtype]:
    pattern = re.compile(b"(?:" + re.escape(code) + b".{%d})+" % width, re.DOTALL)
    return pattern, np.dtype([("code", "u1"), ("value", form)])


_STOP = ord(".")
_NUMBER_RUNS = {
    ord("K"): _run(b"K", 1, "u1"),
    ord("M"): _run(b"M", 2, "<u2"),
    ord("J"): _run(b"J", 4, "<i4"),
    ord("G"): _run(b"G", 8, ">f8"),
}
_Handler = Callable[[_Machine], Any]
_HANDLERS: dict[int, _Handler] = {
    0x80: lambda m: m.take(1),  # protocol number
    0x95: lambda m: m.take(8),  # frame length: only a hint for streams
    ord("("): lambda m: m.marks.append(len(m.stack)),
    ord("0"): lambda m: m.stack.pop(),
    ord("1"): lambda m: m.pop_to_mark(),
    ord("N"): lambda m: m.stack.append(None),
    0x88: lambda m: m.stack.append(True),
    0x89: lambda m: m.stack.append(False),
    **dict.fromkeys(_NUMBER_RUNS, _Machine.numbers),
    0x8A: _Machine.long,
    ord("X"): lambda m: m.stack.append(m.take(m.take_number("<I")).decode("utf-8", "surrogatepass")),
    0x8C: lambda m: m.stack.append(m.take(m.take_number("<B")).decode("utf-8", "surrogatepass")),
    0x8D: lambda m: m.stack.append(m.take(m.take_number("<Q")).decode("utf-8", "surrogatepass")),
    ord("B"): lambda m: m.stack.append(m.take(m.take_number("<I"))),
    ord("C"): lambda m: m.stack.append(m.take(m.take_number("<B"))),
    0x8E: lambda m: m.stack.append(m.take(m.take_number("<Q"))),
    0x96: lambda m: m.stack.append(m.take(m.take_number("<Q"))),  # a bytearray, read as bytes
    ord("]"): lambda m: m.stack.append([]),
    ord("a"): _Machine.append,
    ord("e"): _Machine.appends,
    ord(")"): lambda m: m.stack.append(()),
    **dict.fromkeys((0x85, 0x86, 0x87), _Machine.short_tuple),
    ord("t"): lambda m: m.stack.append(tuple(m.pop_to_mark())),
    ord("}"): lambda m: m.stack.append({}),
    ord("s"): _Machine.set_item,
    ord("u"): _Machine.set_items,
    0x94: lambda m: m.store(len(m.memo)),
    ord("q"): lambda m: m.store(m.take_number("<B")),
    ord("r"): lambda m: m.store(m.take_number("<I")),
    ord("h"): lambda m: m.stack.append(m.memo[m.take_number("<B")]),
    ord("j"): lambda m: m.stack.append(m.memo[m.take_number("<I")]),
    ord("c"): lambda m: m.global_name(m.take_line(), m.take_line()),
    0x93: _Machine.stack_global,
    ord("R"): _Machine.reduce,
    ord("b"): _Machine.build,
}
