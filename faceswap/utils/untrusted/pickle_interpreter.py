"""The interpreter behind `safe_pickle`: the opcodes of plain data, and the few globals that a file may name.

Opcodes and their arguments: `pickletools` in Python's standard library; protocols 2 to 5 are read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any

import numpy as np

from faceswap.utils.limits import SPARE_BYTES

_PLAIN_KEYS = (str, bytes, int, float, bool, type(None))  # hashing them never recurses


class PickleError(ValueError):
    """The pickle is damaged, or holds more than plain data."""


@dataclass(frozen=True)
class SafeGlobal:
    """Stand in for a class or function that a pickle may name: `call` builds the same value from plain arguments."""

    name: str
    call: Callable[..., Any]


SafeGlobals = Mapping[tuple[str, str], SafeGlobal]  # by module and name


class BuildTarget:
    """An object whose state follows with the BUILD opcode; `build` returns the finished value."""

    def __init__(self) -> None:
        self.memo_keys: list[int] = []

    def build(self, state: Any) -> Any:
        raise NotImplementedError


class PickleInterpreter:
    """Interpret one pickle in `data` from `position`; a damaged one raises Python errors of many kinds."""

    def __init__(
        self, data: bytes, position: int, names: SafeGlobals, persistent: Callable[[Any], Any] | None, most_steps: int
    ) -> None:
        self.data, self.position, self.names, self.persistent = data, position, names, persistent
        self.steps_left = most_steps
        self.bytes_left = 2 * len(data) + SPARE_BYTES  # of what is made by imitations
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, handlers = self.data, _HANDLERS
        for _ in range(self.steps_left):
            opcode = data[self.position]
            if opcode == _STOP:
                return self.stack.pop()
            self.position += 1
            handler = handlers.get(opcode)
            if handler is None:
                raise PickleError(f"it asks for more than plain data (opcode 0x{opcode:02x})")
            handler(self)
        raise PickleError("it takes more steps than any honest file")

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
        """Push a run of numbers of one opcode at once: long lists of them are common."""
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
        expect(self.stack[-1], list).append(item)

    def appends(self) -> None:
        items = self.pop_to_mark()
        expect(self.stack[-1], list).extend(items)

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        expect(self.stack[-1], dict)[plain_key(key)] = value

    def set_items(self) -> None:
        items = self.pop_to_mark()
        target = expect(self.stack[-1], dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[plain_key(key)] = value

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
        if isinstance(value, BuildTarget):
            value.memo_keys.append(key)

    def global_name(self, module: str, name: str) -> None:
        safe_global = self.names.get((module, name))
        if safe_global is None:
            raise PickleError(f"it asks for {(module + '.' + name)[:60]!r}, which is not plain data")
        self.stack.append(safe_global)

    def stack_global(self) -> None:
        name, module = expect(self.stack.pop(), str), expect(self.stack.pop(), str)
        self.global_name(module, name)

    def reduce(self) -> None:
        arguments, safe_global = expect(self.stack.pop(), tuple), expect(self.stack.pop(), SafeGlobal)
        made = safe_global.call(*arguments)
        size = made.nbytes if isinstance(made, np.ndarray) else len(made) if isinstance(made, bytes | list) else 0
        self.bytes_left -= size  # the same content may be named again and again
        if self.bytes_left < 0:
            raise PickleError("it makes more of its content than there is")
        self.stack.append(made)

    def refer(self) -> None:
        if self.persistent is None:
            raise PickleError("it refers to objects outside of it")
        self.stack.append(self.persistent(self.stack.pop()))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        built = expect(target, BuildTarget).build(state)
        self.bytes_left -= built.nbytes if isinstance(built, np.ndarray) else 0
        if self.bytes_left < 0:
            raise PickleError("it makes more of its content than there is")
        self.stack[-1] = built
        for key in target.memo_keys:
            self.memo[key] = built


def expect(value: Any, kind: type | UnionType) -> Any:
    """Return `value`, which must be a `kind`. Raises PickleError."""
    if not isinstance(value, kind):
        raise PickleError("it is damaged")
    return value


def plain_key(key: Any) -> Any:
    """Return `key`, which must be a plain value. Raises PickleError."""
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
_Handler = Callable[[PickleInterpreter], Any]
_HANDLERS: dict[int, _Handler] = {
    0x80: lambda m: m.take(1),  # protocol number
    0x95: lambda m: m.take(8),  # frame length: only a hint for streams
    ord("("): lambda m: m.marks.append(len(m.stack)),
    ord("0"): lambda m: m.stack.pop(),
    ord("1"): lambda m: m.pop_to_mark(),
    ord("N"): lambda m: m.stack.append(None),
    0x88: lambda m: m.stack.append(True),
    0x89: lambda m: m.stack.append(False),
    **dict.fromkeys(_NUMBER_RUNS, PickleInterpreter.numbers),
    0x8A: PickleInterpreter.long,
    ord("X"): lambda m: m.stack.append(m.take(m.take_number("<I")).decode("utf-8", "surrogatepass")),
    0x8C: lambda m: m.stack.append(m.take(m.take_number("<B")).decode("utf-8", "surrogatepass")),
    0x8D: lambda m: m.stack.append(m.take(m.take_number("<Q")).decode("utf-8", "surrogatepass")),
    ord("B"): lambda m: m.stack.append(m.take(m.take_number("<I"))),
    ord("C"): lambda m: m.stack.append(m.take(m.take_number("<B"))),
    0x8E: lambda m: m.stack.append(m.take(m.take_number("<Q"))),
    0x96: lambda m: m.stack.append(m.take(m.take_number("<Q"))),  # a bytearray, read as bytes
    ord("]"): lambda m: m.stack.append([]),
    0x8F: lambda m: m.stack.append([]),  # a set, and what goes into it
    0x90: PickleInterpreter.appends,
    ord("a"): PickleInterpreter.append,
    ord("e"): PickleInterpreter.appends,
    ord(")"): lambda m: m.stack.append(()),
    **dict.fromkeys((0x85, 0x86, 0x87), PickleInterpreter.short_tuple),
    ord("t"): lambda m: m.stack.append(tuple(m.pop_to_mark())),
    ord("}"): lambda m: m.stack.append({}),
    ord("s"): PickleInterpreter.set_item,
    ord("u"): PickleInterpreter.set_items,
    0x94: lambda m: m.store(len(m.memo)),
    ord("q"): lambda m: m.store(m.take_number("<B")),
    ord("r"): lambda m: m.store(m.take_number("<I")),
    ord("h"): lambda m: m.stack.append(m.memo[m.take_number("<B")]),
    ord("j"): lambda m: m.stack.append(m.memo[m.take_number("<I")]),
    ord("c"): lambda m: m.global_name(m.take_line(), m.take_line()),
    0x93: PickleInterpreter.stack_global,
    ord("R"): PickleInterpreter.reduce,
    0x81: PickleInterpreter.reduce,  # a class is called as a function is
    ord("Q"): PickleInterpreter.refer,
    ord("b"): PickleInterpreter.build,
}
