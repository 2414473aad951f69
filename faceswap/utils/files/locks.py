"""Locks of folders: one process at a time writes into a folder."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import writing_errors
from faceswap.utils.files.links import guard, open_own, own_folder, refuse_links_in
from faceswap.utils.files.temporary import describe_process, remove_entry, sweep_below

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = ".lock"
_LOCKED_AT = 1 << 30  # on Windows a byte behind all content is locked: nobody can read what is locked there
_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)

logger = logging.getLogger(__name__)


@contextmanager
def locked(folder: Path, at_work: str) -> Iterator[None]:
    """Hold `folder` (made when missing) for this process until the block ends.

    The system releases the lock when its process dies, whatever way; no stale one can be left. A folder made for the
    lock goes again when nothing came to lie in it. What dead processes left in the folder is swept, and nothing below
    it is written through a link from now on. File systems without locks give a warning instead.

    Args:
        at_work: What it does there.

    Raises:
        UserError: With the other's process number when the folder is held, or when it is a link where none may be,
            or holds one (links.py).
    """
    guard(folder)
    path = folder / LOCK
    is_new = not folder.exists()
    file = _held(path, at_work)
    try:
        sweep_below(folder)
        refuse_links_in(folder)
        yield
    finally:
        if file is not None:
            _release(file, path)
        if is_new:
            with suppress(OSError):  # something lies in it
                folder.rmdir()


def tidy(folder: Path) -> None:
    """Remove what dead processes left in a folder that is only read: their lock and temporary files, where allowed."""
    sweep_below(folder)
    if (folder / LOCK).exists():
        with suppress(OSError, UserError), locked(folder, "tidying it"):  # one that is held stays
            pass


def _held(path: Path, at_work: str) -> int | None:
    """Return the open, locked file; None where the file system knows no locks."""
    while True:
        with writing_errors(path):
            own_folder(path.parent)
            file = open_own(path, os.O_RDWR)
        try:
            _lock(file)
        except BlockingIOError as error:
            told = os.read(file, 100).decode("utf-8", "replace").strip()
            other = "".join(sign for sign in told if sign.isprintable()) or "unknown"
            os.close(file)
            raise UserError(
                f"{path.parent}: another process ({other}) is {at_work}; wait for it, or stop it first"
            ) from error
        except OSError as error:
            os.close(file)
            if error.errno not in _NO_LOCKS_HERE:
                raise
            remove_entry(path)
            logger.warning("%s cannot be locked here (%s): do not run two commands on it", path.parent, error.strerror)
            return None
        if _is_still(file, path):
            os.ftruncate(file, 0)
            os.write(file, describe_process().encode())
            return file
        os.close(file)  # its holder has just removed it: a lock on a file without a name keeps nobody out


def _lock(file: int) -> None:
    """Lock an open file for this process. Raises BlockingIOError when another holds it, OSError without locks."""
    if sys.platform == "win32":
        os.lseek(file, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error
        finally:
            os.lseek(file, 0, os.SEEK_SET)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _release(file: int, path: Path) -> None:
    try:
        path.unlink(missing_ok=True)  # while it is still held: who waits for it notices (see _held)
    except PermissionError:
        os.close(file)
        with suppress(OSError):  # Windows removes no open file: that of another, then, who will do it
            path.unlink(missing_ok=True)
    else:
        os.close(file)


def _is_still(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.lstat(path))
    except FileNotFoundError:
        return False
