"""Files appear under their final name only when they are whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap.faces.errors import UserError

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
        if error.errno in _WRITE_REFUSED:
            reason = os.strerror(error.errno or 0).lower()
            raise UserError(f"cannot write {path}: {reason}; free some space or choose another workspace=") from error
        raise


def write_text(path: str | Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with atomic_path(path) as temp:
        temp.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Writes indented UTF-8 JSON atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


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


def _write_refused() -> set[int]:
    import errno

    full = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    forbidden = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG}
    something_else_is_there = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}
    return full | forbidden | something_else_is_there


_WRITE_REFUSED = _write_refused()
