"""Names of temporary files that identify their writer, so that leftovers of dead processes can be removed.

A process number alone names nobody: every container counts its own, and they come again. A name therefore carries the
machine, its boot, the space of process numbers, the process and when that began. Threads of a server may write one file
at the same time: each name is given once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

TEMP_MARK = ".part"
_WRITER = re.compile(
    r"\..+\.(?P<machine>[0-9a-f]{6})(?P<boot>[0-9a-f]{6})(?P<space>[0-9a-f]{6})"
    rf"-(?P<process>[0-9]{{1,9}})-(?P<began>[0-9]{{1,20}})-[0-9a-f]{{6}}{re.escape(TEMP_MARK)}(\.[^./]*)?",
    re.DOTALL,
)
_LONGEST_SUFFIX = 12
_CLOCK_STEP_SECONDS = 60  # a clock that was set meanwhile moves the beginning of all processes
_swept: set[str] = set()


def temp_path(path: Path) -> Path:
    """Return a temporary name beside `path`, another one each time: hidden, with the same suffix, in the same folder.

    The same folder makes the rename atomic; the suffix tells those who write which format is meant.
    """
    suffix = path.suffix if len(os.fsencode(path.suffix)) <= _LONGEST_SUFFIX else ""
    return path.with_name(f"{_stem(path)}{_writer(os.getpid())}-{secrets.token_hex(3)}{TEMP_MARK}{suffix}")


def is_temp_of(temp: Path, path: Path) -> bool:
    """Tell whether `temp` is a name that `temp_path` gives beside `path`."""
    is_beside = temp.parent == path.parent and temp.name.startswith(_stem(path))
    return is_beside and _WRITER.fullmatch(temp.name) is not None


def sweep(folder: Path) -> None:
    """Remove the temporary files and folders that dead processes of this machine left in `folder`, and nothing else.

    Those of other machines and containers stay: from here nobody can tell whether their writer lives.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _WRITER.fullmatch(entry.name)
            if found and _is_gone(found, entry):
                with suppress(OSError):
                    remove_entry(Path(entry.path))


def sweep_below(folder: Path, depth: int = 2) -> None:
    """Sweep `folder` and the folders in it, `depth` levels down; links are not followed."""
    sweep(folder)
    if depth:
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    sweep_below(Path(entry.path), depth - 1)


def sweep_once(folder: Path) -> None:
    """Sweep `folder` if this process has not done so yet."""
    name = os.path.abspath(folder)
    if name not in _swept:
        _swept.add(name)
        sweep(folder)


def remove_entry(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there; what a link leads to stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def describe_process() -> str:
    """Return what names this process to people: its number and its machine's name."""
    return f"{os.getpid()} on {platform.node() or 'this machine'}"


def _stem(path: Path) -> str:
    """Return how the temporary names of a path begin; file systems allow 255 bytes a name: a long one is cut."""
    return f".{path.stem.encode(errors='surrogateescape')[:150].decode(errors='ignore')}."


@cache
def _writer(process: int) -> str:
    """Return what names a process of this machine.

    A forked one has another number, so nothing is remembered wrongly.
    """
    return f"{''.join(_place())}-{process}-{_began(process)}"


def _is_gone(found: re.Match[str], entry: os.DirEntry[str]) -> bool:
    machine, boot, space = _place()
    if found["machine"] != machine:
        return False
    if found["boot"] != boot:  # a twin with the same name may live: only what was there before this boot is dead
        return entry.stat(follow_symlinks=False).st_mtime < psutil.boot_time()
    if found["space"] != space:
        return False
    process, began = int(found["process"]), int(found["began"])
    if not psutil.pid_exists(process):
        return True
    now = _began(process)
    return bool(now and began and abs(now - began) > _CLOCK_STEP_SECONDS)  # the number belongs to another one today


@cache
def _place() -> tuple[str, str, str]:
    """Return this machine, its boot and the space of its process numbers, six characters each.

    A container has its own.
    """
    machine = _read("/etc/machine-id") + "\0" + platform.node()
    with suppress(OSError):
        return (
            _short(machine),
            _short(_read("/proc/sys/kernel/random/boot_id")),
            _short(os.readlink("/proc/self/ns/pid")),
        )
    return _short(machine), _short(""), _short("")


def _began(process: int) -> int:
    """Return when a process began, in whole seconds of the epoch; 0 where that cannot be told."""
    try:
        return int(psutil.Process(process).create_time())
    except psutil.Error:
        return 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _short(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:6]
