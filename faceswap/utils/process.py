"""What a pipeline sets for its process.

The C allocator reuses the memory of frames. OpenCV and numpy's linear algebra take few threads where stages keep the
cores busy already.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

STAGES = 4  # of a pipeline that are busy at once
# How OpenBLAS is called in wheels of numpy: of 2.x, of 1.26, of those before.
_NAMES = ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads")
# mallopt (malloc.h): blocks above the threshold come from the system and go back to it, and so does the free end
# of the heap. Every page that comes back must be zeroed: at 1080p that was 4,000 page faults a frame, 15 % of the time.
# Threads share one heap: a frame that one has decoded is freed by another, and what only the first could use again lay
# idle: an eighth of a conversion's memory.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST_HEAPS = -1, -3, -8
_KEPT_BYTES, _LARGEST_MMAP_THRESHOLD = 256 << 20, 32 << 20


class _Counts(NamedTuple):
    opencv: int
    algebra: int


class _Blas(NamedTuple):
    get: Callable[[], int]
    set: Callable[[int], Any]


_lock = threading.Lock()
_inside = 0
_before = _Counts(1, 1)


def reuse_freed_memory() -> None:
    """Set the process's allocator to reuse large blocks; does nothing where it is not glibc's."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library, or Windows
        return
    mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
    mallopt(_MOST_HEAPS, 1)


@contextmanager
def few_library_threads() -> Iterator[None]:
    """Let the stages of a pipeline have the cores: linear algebra takes one thread, OpenCV its share of them.

    OpenBLAS hands products of a few thousand numbers to all cores, and its threads spin for 30 ms when they are done:
    one a frame keeps a core busy for nothing. Measured on two cores: twice the CPU time of a conversion. The
    counts are the whole process's, and as before when the last of several pipelines ends.
    """
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = library_threads()
            _set(_Counts(max(1, _before.opencv // STAGES), 1))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _set(_before)


def library_threads() -> _Counts:
    """Return how many threads each library takes; linear algebra that is not OpenBLAS counts as one."""
    blas = _openblas()
    return _Counts(cv2.getNumThreads(), 1 if blas is None else blas.get())


def _set(counts: _Counts) -> None:
    cv2.setNumThreads(counts.opencv)
    if (blas := _openblas()) is not None:
        blas.set(counts.algebra)


@cache
def _openblas() -> _Blas | None:
    """Return the functions of the OpenBLAS that a wheel of numpy brings; None: it is built with something else."""
    for file in sorted(Path(np.__file__).parents[1].glob("numpy.libs/*openblas*")):
        with suppress(OSError):
            library = ctypes.CDLL(str(file))  # loaded already: the same one
            for name in _NAMES:
                if hasattr(library, name.format("set")):
                    return _Blas(getattr(library, name.format("get")), getattr(library, name.format("set")))
    return None
