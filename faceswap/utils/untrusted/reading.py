"""Reading of stored files that may come from anybody: bounded, plain values, errors in one line.

Only ordinary files are opened (a pipe would wait for ever), no more is read than a limit allows, numbers are finite and
of bearable length, nesting is bounded. Arrays and weights: `untrusted_arrays.py`.
"""

from __future__ import annotations

import codecs
import json
import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from faceswap.utils.errors import UserError
from faceswap.utils.limits import (
    JSON_BYTES,
    JSON_DEPTH,
    JSON_LINE_BYTES,
    JSON_LINES_BYTES,
    JSON_LISTS,
    NUMBER_DIGITS,
)
from faceswap.utils.untrusted.encodings import decode_text

# A pipe put in a file's place does not wait; on Windows, bytes are what they are.
_PLAIN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_BRACKETS = re.compile(r"[\[\]{}]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Untrusted(ValueError):
    """A stored thing that is not what it should be; its text is one short line that can be shown."""


def open_regular(path: str | Path) -> int:
    """Open an ordinary file for reading and return its descriptor; a link to one is followed.

    Raises:
        UserError: It may not be read, which must not pass for damage: nobody is to begin anew for it.
        OSError: As `open` does.
        Untrusted: It is a pipe, a socket, a device or a folder.
    """
    try:
        _refuse_special(os.stat(path).st_mode)  # before it is opened: opening alone can do something to a device
        file = os.open(path, _PLAIN)
    except PermissionError as error:
        raise UserError(f"cannot read {path}: permission denied; ask its owner") from error
    try:
        _refuse_special(os.fstat(file).st_mode)
    except Untrusted:
        os.close(file)
        raise
    return file


def read_bytes(path: str | Path, most_bytes: int) -> bytes:
    """Return the content of an ordinary file of at most `most_bytes`. Raises OSError and Untrusted."""
    with open(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_bytes:
            _refuse_size(most_bytes)
        content = file.read(size + 1)  # asked for more, Python takes the memory for all of it at once
        if len(content) > size:  # it has grown
            content += file.read(most_bytes + 1 - len(content))
    if len(content) > most_bytes:
        _refuse_size(most_bytes)
    return content


def read_text(path: str | Path, most_bytes: int = JSON_BYTES) -> str:
    """Return text of at most `most_bytes`, in UTF-8 or what `decode_text` knows. Raises OSError and Untrusted."""
    content = read_bytes(path, most_bytes)
    try:
        return decode_text(content, str(path))
    except ValueError as error:
        raise Untrusted(str(error)) from error


def read_json(path: str | Path, most_bytes: int = JSON_BYTES) -> Any:
    """Return the value in a JSON file of at most `most_bytes`. Raises OSError and Untrusted."""
    return parse_json(read_text(path, most_bytes))


def read_json_table(path: str | Path, most_bytes: int = JSON_BYTES) -> dict[str, Any]:
    """Return the object in a JSON file. Raises OSError, and Untrusted also when it holds another value."""
    value = read_json(path, most_bytes)
    if not isinstance(value, dict):
        raise Untrusted(f"it holds {_kind(value)}, not a table of names")
    return value


def read_lines(path: str | Path, most_bytes: int = JSON_LINES_BYTES) -> Iterator[tuple[str, bool]]:
    """Yield the lines of UTF-8 text one by one, each with whether its end of line is there (a kill can cut the last).

    Raises OSError and Untrusted, for a line that is too long, too.
    """
    with open(open_regular(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > most_bytes:
            _refuse_size(most_bytes)
        if file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        while line := file.readline(JSON_LINE_BYTES + 1):
            if len(line) > JSON_LINE_BYTES:
                raise Untrusted(f"it has a line of more than {_size(JSON_LINE_BYTES)}")
            if b"\0" in line and line.endswith(b"\n"):
                raise Untrusted("it is no UTF-8 text (it holds NUL, as UTF-16 does)")
            try:
                yield line.decode("utf-8"), line.endswith(b"\n")
            except UnicodeDecodeError as error:
                if line.endswith(b"\n"):
                    raise Untrusted("it is no UTF-8 text") from error
                yield line.decode("utf-8", "replace"), False


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text whose length the caller has bounded.

    Raises:
        Untrusted: It is no JSON, is nested too deeply, or holds a number that is not finite or too long.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        if text.count("[") + text.count("{") > JSON_DEPTH:  # most texts cannot be too deep
            check_lists(text)
            _refuse_depth(text)
        return json.loads(text, parse_float=_float, parse_int=_int, parse_constant=_refuse_constant)
    except Untrusted:
        raise
    except RecursionError as error:
        raise Untrusted("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise Untrusted(f"it is no JSON ({error.msg}, line {error.lineno}, column {error.colno})") from error
    except ValueError as error:
        raise Untrusted("it is no JSON") from error


def check_lists(text: str) -> None:
    """Raise Untrusted when JSON texts, all in one, hold more lists and tables than memory should be given to."""
    if text.count("[") + 3 * text.count("{") > JSON_LISTS:
        raise Untrusted("it holds millions of lists, more than are accepted")


def finite(value: Any, least: float, most: float, name: str) -> float:
    """Return a stored number as a float from `least` to `most`.

    Raises:
        Untrusted: For anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:  # nor is NaN
        raise Untrusted(f"{name} is {_shown(value)}, not a number from {least:g} to {most:g}")
    return float(value)


def whole(value: Any, least: int, most: int, name: str) -> int:
    """Return a stored whole number from `least` to `most`.

    Raises:
        Untrusted: For anything else.
    """
    if type(value) is not int or not least <= value <= most:
        raise Untrusted(f"{name} is {_shown(value)}, not a whole number from {least} to {most}")
    return value


def text_of(value: Any, most_characters: int, name: str) -> str:
    """Return a stored text without NUL.

    Raises:
        Untrusted: For anything else.
    """
    if not isinstance(value, str) or len(value) > most_characters or "\0" in value:
        raise Untrusted(f"{name} is {_shown(value)}, not a text of at most {most_characters} characters")
    return value


def member(table: Any, name: str, read: Callable[..., Any], *arguments: Any) -> Any:
    """Return `read(table[name], *arguments, name)`.

    Raises:
        Untrusted: Also when there is no table, or no such name.
    """
    if not isinstance(table, dict) or name not in table:
        raise Untrusted(f"it does not tell {name}")
    return read(table[name], *arguments, name)


def _refuse_special(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise Untrusted("it is a folder, not a file")
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    raise Untrusted(f"it is {kinds.get(stat.S_IFMT(mode), 'something else')}, not an ordinary file")


def _refuse_size(most_bytes: int) -> NoReturn:
    raise Untrusted(f"it is larger than {_size(most_bytes)}")


def _size(count: int) -> str:
    for unit, name in ((30, "GB"), (20, "MB"), (10, "kB")):
        if count >= 1 << unit:
            return f"{count >> unit} {name}"
    return f"{count} bytes"


def _refuse_depth(text: str) -> None:
    depth = 0
    for sign in _BRACKETS.finditer(_STRING.sub("", text)):
        depth += 1 if sign[0] in "[{" else -1
        if depth > JSON_DEPTH:
            raise Untrusted("it is nested too deeply")


def _int(text: str) -> int:
    if len(text) > NUMBER_DIGITS:
        raise Untrusted(f"it holds a number of {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Untrusted("it holds a number that is not finite")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Untrusted(f"it holds {name}, no number")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return _kind(value) if isinstance(value, list) else "a table"
    return ascii(value)[:60]
