"""Text files of others: with a byte order mark, as UTF-16, of an old Windows program. One reader for all of them."""

from __future__ import annotations

import codecs
import json
import logging
import re
from pathlib import Path
from typing import Any

from faceswap.utils.errors import UserError

LARGEST_TEXT = 64 << 20  # bytes, where a caller says nothing else
LONGEST_NUMBER = 400  # digits: what is longer is no number of anybody's

log = logging.getLogger(__name__)

# The longer mark comes first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")  # control characters that no text has


def read_text(path: str | Path, largest: int = LARGEST_TEXT) -> str:
    """Return the text of a file of at most `largest` bytes, whichever program wrote it.

    UTF-8 and, by their byte order marks, UTF-16 and UTF-32 are read as such; what is none of them is taken for
    Windows' Western alphabet (cp1252), with a warning that names the file. Line ends become "\\n".

    Raises:
        UserError: one line with the file's name, when it cannot be opened, is larger, or is no text.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is no file")
        with open(path, "rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:  # NUL in the name
        raise UserError(f"cannot read {str(path)!r}: {error}") from error
    if len(content) > largest:
        raise UserError(f"{path} is larger than {_size(largest)}: too large for a text of this kind")
    return decode_text(content, str(path))


def decode_text(content: bytes, name: str) -> str:
    """Return the text that bytes hold, as `read_text` does; `name` stands in messages. Raises UserError."""
    text, encoding = None, "utf-8"
    for mark, marked in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked
            break
    else:
        if b"\0" in content[:200]:  # UTF-16 without its mark: every other byte of Western text is zero
            encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise UserError(f"{name}: no readable {encoding.upper()} ({error.reason}); save it as UTF-8") from error
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise UserError(f"{name}: neither UTF-8 nor UTF-16 nor cp1252 (Windows); save it as UTF-8") from error
        if not _NO_TEXT.search(text):
            log.warning("%s is no UTF-8: read as cp1252 (Windows); save it as UTF-8 if letters look wrong", name)
    if _NO_TEXT.search(text):
        raise UserError(f"{name}: this is no text ({encoding.upper()} was tried); save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: str | Path, largest: int = LARGEST_TEXT) -> Any:
    """Return what a JSON file holds. Raises UserError, in one line that names the file, when it is none."""
    return parse_json(read_text(path, largest), str(path))


def parse_json(text: str, name: str) -> Any:
    """Return the value of a JSON text; `name` stands in messages.

    Numbers of more than 400 digits, NaN and Infinity come back as floats. Raises UserError.
    """
    try:
        return json.loads(text, parse_int=_whole_number)
    except json.JSONDecodeError as error:
        raise UserError(f"{name}: no JSON ({error.msg} in line {error.lineno})") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name}: no JSON that can be read ({type(error).__name__})") from error


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else float("inf")


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
