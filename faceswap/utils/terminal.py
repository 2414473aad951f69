"""Safe output to a terminal: names and texts from files cannot control it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_LINE = 2_000  # characters of an error: an honest one has some hundred

# Control characters of both sets, line separators of Unicode, and what turns the direction of a text round.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_UNSAFE_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return a text as one line without anything that a terminal would obey: such characters as escapes (\x1b)."""
    return _UNSAFE.sub(_escaped, text)


def printable_lines(text: str) -> str:
    """Return a text of several lines likewise; its ends of lines and tabulators stay."""
    return _UNSAFE_IN_LINES.sub(_escaped, text)


def single_line(text: str) -> str:
    """Return a text as one printable line of bearable length; the middle of a long one is left out."""
    line = printable(" ".join(text.split()))
    if len(line) > LONGEST_LINE:
        line = f"{line[: LONGEST_LINE - 300]} ... {line[-200:]}"
    return line


class PrintableFormatter(logging.Formatter):
    """Formats log records so that no name in them can steer the terminal or pass for a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        return printable_lines(super().formatException(ei))  # type: ignore[arg-type]


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class _WarnedOnce(logging.Filter):
    """Lets each warning through once."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        text = record.getMessage()
        is_news = text not in self._shown
        self._shown.add(text)
        return is_news


@contextmanager
def warned_once() -> Iterator[None]:
    """Show each warning only once within the block: what is true of all of several trainings is not news each time."""
    filters = [(handler, _WarnedOnce()) for handler in logging.getLogger().handlers]
    for handler, once in filters:
        handler.addFilter(once)
    try:
        yield
    finally:
        for handler, once in filters:
            handler.removeFilter(once)
