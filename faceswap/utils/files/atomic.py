"""Atomic writing: files appear under their final name only when they are complete."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faceswap.utils.errors import UserError
from faceswap.utils.files.links import OpenFolder, opened_folder, own_folder, refuse_links, remove_at
from faceswap.utils.files.temporary import is_temp_of, sweep_once, temp_path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends well and is removed when it does not.

    What dead processes left in the folder is swept.

    Raises:
        UserError: The disk is full, the folder cannot be written, or is reached through a link where that is not
            allowed (links.py).
    """
    path = Path(path)
    temp = temp_path(path)
    with writing_errors(path):
        own_folder(path.parent)
        sweep_once(path.parent)
        with opened_folder(path.parent) as folder:
            try:
                yield temp
                flush_to_disk(temp)
                _rename(folder, temp, path)
            finally:
                remove_at(folder, temp.name)


def check_writable(path: str | Path) -> None:
    """Raise UserError when a result cannot be written at `path`; to be asked before the work, nothing is made.

    Where its folders are missing, the nearest one that is there is tried.
    """
    path = Path(path)
    with writing_errors(path):
        with suppress(FileNotFoundError, NotADirectoryError):
            os.lstat(path)  # a name too long for the file system is told here
        refuse_links(path)
        folder = path if path.is_dir() else path.parent
        while not os.path.lexists(folder):
            folder = folder.parent
        sweep_once(folder)  # what a kill in the midst of an earlier trial left
        trial = temp_path(folder / "trial")
        try:
            trial.touch()
            trial.unlink()
        except OSError as error:
            raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error


@contextmanager
def writing_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write into one line for the user, whichever library was refused."""
    try:
        yield
    except Exception as error:
        number, name = _refusal(error)
        place = Path(os.fsdecode(name)) if isinstance(name, str | bytes) else None
        advice = _advice(number, place in path.parents)
        if advice is None:
            raise
        reason = os.strerror(number or 0).lower()
        # The block may also read: the error's own file is the one to look at.
        related = place is None or place in (path, *path.parents) or path in place.parents or is_temp_of(place, path)
        verb, name = ("write", path) if related else ("use", place)
        raise UserError(f"cannot {verb} {name}: {reason}; {advice}") from error


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temp:
        temp.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Write indented UTF-8 JSON atomically; file names that are no UTF-8 come back from it as they were."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # the bytes of such a name are kept as lone surrogates, which only escapes can carry
        text = json.dumps(value, indent=2)
    write_text(path, text + "\n")


def flush_to_disk(path: Path) -> None:
    """Wait until a file's bytes are on the disk, so that a rename never shows an empty file after a power cut."""
    if path.is_file():
        with open(path, "rb" if os.name == "posix" else "r+b") as file:  # Windows flushes what is open for writing
            os.fsync(file.fileno())


def _rename(folder: OpenFolder, temp: Path, path: Path) -> None:
    """Give `temp`, which was written into the open `folder`, its final name there."""
    try:
        os.replace(
            folder.entry(temp.name),
            folder.entry(path.name),
            src_dir_fd=folder.descriptor,
            dst_dir_fd=folder.descriptor,
        )
    except FileNotFoundError as error:
        if temp.exists():  # by its path: that leads to another folder now
            raise UserError(f"cannot write {path}: its folder was exchanged; give the command again") from error
        raise
    except OSError as error:
        error.filename, error.filename2 = str(temp), str(path)
        raise


def _refusal(error: Exception) -> tuple[int | None, object]:
    """Return the errno of a refusal and the file it is about, None where an error does not tell or is none."""
    if isinstance(error, OSError):
        if error.errno is None and "requested and" in str(error):  # numpy: "40000 requested and 512 written"
            return errno.ENOSPC, None
        return error.errno, error.filename
    if isinstance(error, RuntimeError) and re.search("inline_container|PytorchStreamWriter", str(error)):
        return errno.ENOSPC, None  # torch's writer does not say what the system said
    told = re.search(r"os error (\d+)", str(error)) if type(error).__name__ == "SafetensorError" else None
    return (int(told[1]), None) if told else (None, None)


def _advice(number: int | None, above: bool) -> str | None:
    """Return what to do about a refusal to write, or None for an error of another kind; `above`: a parent folder's."""
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space, or write to another disk"
    if number in (errno.EROFS, errno.EACCES, errno.EPERM) or (number == errno.ENOENT and above):
        return "choose a place that you may write to"
    if number == errno.ENAMETOOLONG:
        return "choose a shorter name"
    if number in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP):
        return "something else is there: choose another name"
    return None
