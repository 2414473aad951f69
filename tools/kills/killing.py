"""Runs a command in a forked process that is killed before its n-th change of the disk, or a moment after.

Python tells an audit hook of every file opened for writing, every rename, removal and folder made, before it happens:
the kill comes exactly there. What libraries in C write after it (films, weights) is met by a timer of the system, whose
signal ends the process wherever it is. Forking spares each of some hundred runs the seconds that imports take.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import runpy
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "shutil.rmtree"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Ended(NamedTuple):
    """How a run ended: exit code (minus the signal that killed it), the changes it had made, what it said."""

    code: int
    changes: int
    said: str


def import_commands() -> None:
    """Import all of faceswap and what it loads late, so that forked processes need not."""
    import faceswap

    found = [module.name for module in pkgutil.walk_packages(faceswap.__path__, "faceswap.")]
    for name in (*found, "onnx", "tensorboard", "moviepy"):
        if not name.endswith("__main__") and ".migrations" not in name:  # which only alembic can import
            with suppress(ImportError):  # a package of an extra
                importlib.import_module(name)


def run(module: str, arguments: list[str], folder: Path, kill_at: int = 0, delay_seconds: float = 0.0) -> Ended:
    """Run `python -m MODULE ARGUMENTS` in `folder`, or kill it on the way (see `forked`)."""

    def command() -> None:
        sys.path.append(str(folder))  # where a scorer lies
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)

    return forked(command, folder, kill_at, delay_seconds)


def forked(work: Callable[[], object], folder: Path, kill_at: int = 0, delay_seconds: float = 0.0) -> Ended:
    """Do `work` in a forked process whose current folder is `folder`, or kill it on the way.

    Args:
        work: what a command does.
        folder: the current folder, whose changes are counted.
        kill_at: the number of the change before which it is killed, from 1; 0: never.
        delay_seconds: the kill comes so long after that place instead, in the midst of what follows.
    """
    told = folder.with_name(folder.name + ".told")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _become(work, folder, told, lambda: _count_changes(folder, writer, kill_at, delay_seconds))
    os.close(writer)
    with open(reader, "rb") as counted:
        changes = len(counted.read())
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), changes, told.read_text(errors="replace"))


def _become(work: Callable[[], object], folder: Path, told: Path, count: Callable[[], None]) -> None:
    """The child's whole life."""
    code = 1
    try:
        output = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(folder)
        count()
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _count_changes(folder: Path, writer: int, kill_at: int, delay_seconds: float) -> None:
    """Write a byte into the pipe `writer` for each change below `folder`, and end at number `kill_at` (see `run`)."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    leader, inside, seen = os.getpid(), os.path.abspath(folder), 0

    def hook(event: str, values: tuple[Any, ...]) -> None:
        nonlocal seen
        if event == "open":
            if not (isinstance(values[2], int) and values[2] & _WRITING):
                return
        elif event not in _CHANGES:
            return
        name = values[0]
        if not isinstance(name, str | bytes | os.PathLike) or os.getpid() != leader:
            return
        if not os.path.abspath(os.fsdecode(name)).startswith(inside):
            return
        seen += 1
        os.write(writer, b".")
        if seen == kill_at:
            if not delay_seconds:
                os.kill(leader, signal.SIGKILL)
            signal.setitimer(signal.ITIMER_REAL, delay_seconds)  # SIGALRM ends it

    sys.addaudithook(hook)
