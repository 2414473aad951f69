"""Reservation of disk space for large files, so that a full disk is an error before they are filled."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

_CHUNK_BYTES = 1 << 20
_CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def create_npy(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return a new .npy file's array of zeros, mapped for writing, with its disk space taken.

    What is written into a mapping whose disk is full kills the process without a word (SIGBUS).

    Raises:
        OSError: The disk has no room for it.
    """
    array = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), shape)
    reserve(path, array.nbytes)
    return array


def reserve(path: Path, content_bytes: int) -> None:
    """Take the disk space of a file's last `content_bytes`, which nobody has written yet. Raises OSError.

    Writes zeros where the system (macOS) or the file system cannot reserve.
    """
    with open(path, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if hasattr(os, "posix_fallocate"):
            try:
                return os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in _CANNOT_RESERVE:
                    error.filename = str(path)
                    raise
        file.seek(size - content_bytes)
        for start in range(0, content_bytes, _CHUNK_BYTES):
            file.write(bytes(min(_CHUNK_BYTES, content_bytes - start)))
