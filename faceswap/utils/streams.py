"""A standard error stream that may be closed without ending the command."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

GONE = (errno.EPIPE, errno.EIO, errno.EBADF)  # a reader that went away, a terminal that was closed, a closed number
STANDARD_ERROR = 2


class SteadyStream:
    """A text stream whose writes never fail: when its reader has gone, what is written goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._attempt(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def _attempt(self, call: Callable[..., Any], *arguments: Any) -> None:
        try:
            call(*arguments)
        except OSError as error:
            if error.errno in GONE:
                # Its number, too, leads nowhere from now on: libraries write to it, and Python when it ends.
                with suppress(OSError, ValueError):
                    _lead_nowhere(self._stream.fileno())
        except ValueError:  # closed by somebody else
            pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def steady(stream: TextIO | None) -> TextIO:
    """Return a stream that writes to `stream` as long as that works; None (closed from the start): never."""
    if isinstance(stream, SteadyStream):
        return stream
    return SteadyStream(stream or open(os.devnull, "w", encoding="utf-8"))  # type: ignore[return-value]


@contextmanager
def steady_standard_error() -> Iterator[None]:
    """Let nothing in the block fail for want of somebody who reads standard error."""
    before = sys.stderr
    if before is None:  # the next file that is opened would get its number, and what libraries have to say
        _lead_nowhere(STANDARD_ERROR)
    sys.stderr = steady(before)
    try:
        yield
    finally:
        sys.stderr = before
        if before is not None:
            _drop_unwritten(before)


def _drop_unwritten(stream: TextIO) -> None:
    """Let go of text that a full disk has not taken: Python would write it at its end, and end with code 120."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, ValueError):
            _lead_nowhere(stream.fileno())
    except ValueError:  # closed by somebody else
        pass


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
