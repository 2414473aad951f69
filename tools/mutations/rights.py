"""Root reads every file whatever its rights say; without these two capabilities it reads what others do."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522
_OVERRIDE = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


@contextmanager
def of_an_ordinary_user() -> Iterator[bool]:
    """Put this thread's right to override those of files aside; yields whether files can be closed to it."""
    if os.geteuid():
        yield True
        return
    if sys.platform != "linux":
        yield False
        return
    libc, header, data = ctypes.CDLL(None, use_errno=True), _Header(_VERSION, 0), (_Data * 2)()
    if libc.capget(ctypes.byref(header), data):
        yield False
        return
    before = data[0].effective
    data[0].effective = before & ~_OVERRIDE
    could = libc.capset(ctypes.byref(header), data) == 0
    try:
        yield could
    finally:
        data[0].effective = before
        libc.capset(ctypes.byref(header), data)
