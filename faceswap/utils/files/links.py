"""Protection against links: nothing below a guarded folder is written or deleted through one.

A run or a face set may come from somebody else, and a link in it would lead the program to files of the user. Links
down to the guarded folders themselves are the user's own and are followed: a workspace, or its `faces`, `runs` and
`out`, may lie on a bigger disk.

Folders are opened one after another without following links, and files are opened, renamed and deleted relative to the
open folder: a link that somebody puts in its place meanwhile changes nothing. Windows has no such calls: a link is
looked for before each step there, and only what stands there at that moment is refused.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from faceswap.utils.errors import UserError
from faceswap.utils.files.temporary import temp_path

_guarded: set[str] = set()
_HAS_FOLDERS = hasattr(os, "O_DIRECTORY") and os.open in os.supports_dir_fd
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# A pipe nobody reads does not wait; on Windows, bytes are what they are.
_PLAIN = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class OpenFolder:
    """A folder that stays the same one, whatever comes to stand at its path.

    Attributes:
        path: Where it was opened.
        descriptor: For calls with `dir_fd`; None where the system has none.
    """

    path: Path
    descriptor: int | None

    def entry(self, name: str) -> str:
        """Return the path of an entry for calls with `dir_fd=descriptor`."""
        return os.path.join(self.path, name) if self.descriptor is None else name


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


def refuse_links_in(folder: Path, depth: int = 2) -> None:
    """Raise UserError when a link lies in a face set or a run, or in its folders, `depth` levels down.

    Nothing of ours makes one. It would lead to files of the user that a stranger named: to be written, or to be read
    into a result.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise UserError(
                    f"{entry.path} is a link (to {_target(entry.path)}), which no face set and no run has: delete it, "
                    "put what it leads to in its place, or link the whole workspace, faces, runs or out folder"
                )
            if depth and entry.is_dir(follow_symlinks=False):
                refuse_links_in(Path(entry.path), depth - 1)


def own_folder(path: Path) -> Path:
    """Make the folder `path` if it is missing, and return it.

    Raises:
        UserError: It is reached through a link.
    """
    refuse_links(path / "file")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def opened_folder(path: Path) -> Iterator[OpenFolder]:
    """Yield the folder `path`, opened.

    Raises:
        UserError: it is reached through a link where that is not allowed.
        OSError: as `os.open` does.
    """
    if not _HAS_FOLDERS:
        refuse_links(path / "file")
        with os.scandir(path):  # raises what opening it would
            pass
        yield OpenFolder(path, None)
        return
    folder = _open_folder(path)
    try:
        yield OpenFolder(path, folder)
    finally:
        os.close(folder)


def open_own(path: Path, flags: int) -> int:
    """Open an ordinary file of ours for writing, made when missing; a link or a pipe of its name is refused.

    Args:
        path: the file; its folder must be there.
        flags: of `os.open`, such as O_APPEND.

    Raises:
        UserError: it is a link, a pipe or a device, or is reached through a link.
        OSError: as `os.open` does.
    """
    flags |= os.O_CREAT | _NO_LINK | _PLAIN
    with opened_folder(path.parent) as folder:
        try:
            if not _NO_LINK and path.is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            file = os.open(folder.entry(path.name), flags, 0o666, dir_fd=folder.descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                what = f"a link (to {_target(path)})"
            elif error.errno == errno.ENXIO:  # a pipe that nobody reads, a socket
                what = "no ordinary file"
            else:
                error.filename = str(path)
                raise
            raise _not_ours(path, what) from error
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            os.close(file)
            raise _not_ours(path, "no ordinary file")
        if found.st_nlink > 1:
            os.close(file)
            _copy_in_place(folder, path)
            file = os.open(folder.entry(path.name), flags, 0o666, dir_fd=folder.descriptor)
    return file


def _copy_in_place(folder: OpenFolder, path: Path) -> None:
    """Put a copy of a file in its place, so that what has the same content by another name (a backup) keeps it."""
    temp, reads = folder.entry(temp_path(path).name), os.O_RDONLY | _NO_LINK | _PLAIN
    makes = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _PLAIN
    with (
        open(os.open(folder.entry(path.name), reads, dir_fd=folder.descriptor), "rb") as old,
        open(os.open(temp, makes, 0o666, dir_fd=folder.descriptor), "wb") as new,
    ):
        shutil.copyfileobj(old, new)
    os.replace(temp, folder.entry(path.name), src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)


def move(source: Path, target: Path) -> None:
    """Give a file or folder another name, in place of a file of that name. Raises UserError and OSError."""
    with opened_folder(source.parent) as here, opened_folder(target.parent) as there:
        try:
            os.replace(
                here.entry(source.name),
                there.entry(target.name),
                src_dir_fd=here.descriptor,
                dst_dir_fd=there.descriptor,
            )
        except OSError as error:
            error.filename, error.filename2 = str(source), str(target)
            raise


def name_twice(source: Path, target: Path) -> None:
    """Give a file of ours a second name, or copy it where the disk knows no hard links. Raises UserError, OSError."""
    if source.is_symlink():
        raise _not_ours(source, "a link")
    with opened_folder(source.parent) as here, opened_folder(target.parent) as there:
        names = (here.entry(source.name), there.entry(target.name))
        try:
            os.link(*names, src_dir_fd=here.descriptor, dst_dir_fd=there.descriptor, follow_symlinks=False)
        except (OSError, NotImplementedError):
            shutil.copyfile(source, target)


def remove(path: Path) -> None:
    """Remove a file, a link itself or a whole folder if it is there. Raises UserError and OSError."""
    try:
        with opened_folder(path.parent) as folder:
            remove_at(folder, path.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.filename == path.name:
            error.filename = str(path)
        raise


def remove_at(folder: OpenFolder, name: str) -> None:
    """Remove what has a name in an open folder, if it is there. Raises OSError."""
    entry, descriptor = folder.entry(name), folder.descriptor
    try:
        if stat.S_ISDIR(os.stat(entry, dir_fd=descriptor, follow_symlinks=False).st_mode):
            shutil.rmtree(entry, dir_fd=descriptor)
        else:
            os.unlink(entry, dir_fd=descriptor)
    except FileNotFoundError:
        pass


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


def _open_folder(path: Path) -> int:
    *folders, _ = _below_guarded(path / "file")
    place = os.path.dirname(folders[0]) if folders else os.fspath(path)
    folder = os.open(place, _FOLDER)
    for place in folders:
        above = folder
        try:
            folder = os.open(os.path.basename(place), _FOLDER | _NO_LINK, dir_fd=above)
        except OSError as error:
            refuse_links(path / "file")  # a link gives ENOTDIR
            error.filename = place
            raise
        finally:
            os.close(above)
    return folder


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
