"""Protection against links: nothing below a guarded folder is written or deleted through one.

A run or a face set may come from somebody else, and a link in it would lead the program to files of the user. Links
down to the guarded folders themselves are the user's own and are followed: a workspace, or its `faces`, `runs` and
`out`, may lie on a bigger disk.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from faceswap.utils.errors import UserError

_guarded: set[str] = set()


def guard(folder: Path) -> None:
    """Let nothing below `folder` be written or deleted through a link by this process from now on."""
    _guarded.add(os.path.abspath(folder))


def refuse_links(path: Path) -> None:
    """Raise UserError when a folder on the way to `path`, below a guarded one, is a link."""
    *above, _ = _below_guarded(path)
    for folder in above:
        if os.path.islink(folder):
            raise UserError(
                f"{folder} is a link (to {_target(folder)}), and nothing is written or deleted through a link there: "
                "put the folder itself in its place, or link the whole workspace, faces, runs or out folder"
            )


def own_folder(path: Path) -> Path:
    """Make the folder `path` if it is missing, and return it.

    Raises:
        UserError: It is reached through a link.
    """
    refuse_links(path / "file")
    path.mkdir(parents=True, exist_ok=True)
    return path


def open_own(path: Path, flags: int) -> int:
    """Open an ordinary file of ours for writing, made when missing; a link or a pipe of its name is refused.

    Args:
        path: the file; its folder must be there.
        flags: of `os.open`, such as O_APPEND.

    Raises:
        UserError: it is a link, a pipe or a device, or is reached through a link.
        OSError: as `os.open` does.
    """
    refuse_links(path)
    flags |= os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            what = f"a link (to {_target(path)})"
        elif error.errno == errno.ENXIO:  # a pipe that nobody reads, a socket
            what = "no ordinary file"
        else:
            raise
        raise _not_ours(path, what) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise _not_ours(path, "no ordinary file")
    return file


def open_append(path: Path) -> IO[bytes]:
    """Open a file of ours to append to it. Raises as `open_own` does."""
    return open(open_own(path, os.O_WRONLY | os.O_APPEND), "ab")


def truncate(path: Path, size: int) -> None:
    """Cut a file of ours to `size` bytes. Raises as `open_own` does."""
    file = open_own(path, os.O_WRONLY)
    try:
        os.ftruncate(file, size)
    finally:
        os.close(file)


def _not_ours(path: Path, what: str) -> UserError:
    return UserError(f"{path} is {what}: no program of this project made it, and it is not written to; delete it")


def _below_guarded(path: Path) -> list[str]:
    """Return `path` and the folders on the way to it from the outermost guarded folder, that one left out."""
    place = os.path.abspath(path)
    chain = [place]
    found = [place]
    while (parent := os.path.dirname(place)) != place:
        place = parent
        if place in _guarded:
            found = list(chain)
        chain.append(place)
    return found[::-1]


def _target(link: str | Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return "nowhere"
