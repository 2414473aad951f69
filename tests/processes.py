"""Processes that a test starts: none outlives it, whatever the test finds."""

from __future__ import annotations

import functools
import multiprocessing
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any


@functools.cache
def forks() -> ForkServerContext:
    """Return what forks processes off one that has imported everything: there is one a session, whoever asks first."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.swap.group_member", "tests.commands.conftest", "tests.commands.imported"])
    with chdir(Path(__file__).resolve().parents[1]):  # elsewhere it would not find them, and say nothing
        forkserver.ensure_running()
    return context


@contextmanager
def running(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen]:
    """Yield a process, which is killed at the end of the block where it still runs; `more`: as of Popen."""
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
