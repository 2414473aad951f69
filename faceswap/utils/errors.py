"""Errors that end a command early and are no bugs of the program, and how libraries say that memory is gone."""

from __future__ import annotations

import errno
import re

_NO_MEMORY = re.compile(
    "not enough memory|can't allocate memory|cannot allocate memory|insufficient memory|bad_?alloc|"
    "can't start new thread|failed to map segment|os error 12\\b",
    re.IGNORECASE,
)
_FOREIGN = ("cv2", "safetensors")  # packages whose errors are of no common class


# Python's own words for values of the wrong kind, which tell a user nothing about the file.
_PYTHONS = re.compile(
    r"zip\(\)|to unpack|literal for|could not convert|cannot convert|array element|broadcast|reshape|"
    r"update sequence|codec can't|inhomogeneous|Exceeds the limit"
)


class UserError(Exception):
    """What the user can mend: one line with what came, what is accepted and what to do."""

    exit_code = 2


class Interrupted(Exception):
    """The user (or the system) asked to stop; the work so far is saved (exit code 130)."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of any library says that memory is gone."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, of a GPU
        return True
    if isinstance(error, OSError):
        # FFmpeg opens a codec with threads of its own, and says EAGAIN, as the system does, when it gets none.
        is_of_ffmpeg = type(error).__module__.startswith("av.")
        return error.errno == errno.ENOMEM or (error.errno == errno.EAGAIN and is_of_ffmpeg)
    is_of_a_library = isinstance(error, RuntimeError | ImportError) or type(error).__module__.startswith(_FOREIGN)
    return is_of_a_library and _NO_MEMORY.search(str(error)) is not None


def pass_on_out_of_memory(error: BaseException) -> None:
    """Raise MemoryError for an error that says so: what memory did not suffice for is not damaged."""
    if is_out_of_memory(error):
        raise MemoryError(str(error)) from error


def reason_of(error: BaseException) -> str:
    """Return in one line why a stored value cannot be used, for an error that came of reading it.

    What this program's own checks say stands as it is; what Python says of values of the wrong kind is put in words
    that a user can do something with.
    """
    text = (str(error).splitlines() or [""])[0][:200]
    if isinstance(error, KeyError):
        return f"it lacks '{str(error.args[0])[:60]}'" if error.args else "it lacks a value"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, IndexError | AttributeError | TypeError | OverflowError):
        return "it holds a value of another kind than is written there"
    if isinstance(error, ValueError) and (not text or _PYTHONS.search(text)):
        return "it holds a value of another kind than is written there"
    return text or type(error).__name__
