"""Processes that a test starts: none outlives it, whatever the test finds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def running(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen]:
    """Yield a process, which is killed at the end of the block where it still runs; `more`: as of Popen."""
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
