"""Files appear under their final name only when they are whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap.utils.errors import UserError

TEMP_MARK = ".part"


def temp_path(path: Path) -> Path:
    """The temporary name beside `path`: same folder (so that the rename is atomic), same suffix, hidden."""
    # File systems allow 255 bytes a name; a long name is cut, the process number keeps it apart from others.
    stem = path.stem.encode(errors="surrogateescape")[:200].decode(errors="ignore")
    return path.with_name(f".{stem}.{os.getpid()}{TEMP_MARK}{path.suffix}")


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path that becomes `path` when the block ends well and is removed when it does not.

    Raises UserError when the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temp = temp_path(path)
    with writing_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(temp)
        try:
            yield temp
            flush_to_disk(temp)
            os.replace(temp, path)
        finally:
            remove(temp)


@contextmanager
def writing_errors(path: Path) -> Iterator[None]:
    """Turns the operating system's refusals to write into one line for the user."""
    try:
        yield
    except OSError as error:
        place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
        advice = _advice(error.errno, place in path.parents)
        if advice is None:
            raise
        reason = os.strerror(error.errno or 0).lower()
        # The block may also read: the error's own file is the one to look at.
        related = place is None or place in (path, temp_path(path), *path.parents) or path in place.parents
        verb, name = ("write", path) if related else ("use", place)
        raise UserError(f"cannot {verb} {name}: {reason}; {advice}") from error


def write_text(path: str | Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with atomic_path(path) as temp:
        temp.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Writes indented UTF-8 JSON atomically; file names that are no UTF-8 come back from it as they were."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # the bytes of such a name are kept as lone surrogates, which only escapes can carry
        text = json.dumps(value, indent=2)
    write_text(path, text + "\n")


def flush_to_disk(path: Path) -> None:
    """Waits until a file's bytes are on the disk, so that a rename never shows an empty file after a power cut."""
    if path.is_file():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Removes a file or folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _advice(number: int | None, above: bool) -> str | None:
    """What to do about a refusal to write, or None for an error of another kind; `above`: a parent folder's."""
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space or choose another workspace="
    if number in (errno.EROFS, errno.EACCES, errno.EPERM) or (number == errno.ENOENT and above):
        return "choose a place that you may write to"
    if number == errno.ENAMETOOLONG:
        return "choose a shorter name"
    if number in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        return "something else is there: choose another name"
    return None
