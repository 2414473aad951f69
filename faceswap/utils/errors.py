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
