"""Listing of a user's own pictures and films in folders; one implementation for all readers of folders."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path

from faceswap.core.face_set import ALIGNMENTS, CONTACT_SHEET, REMOVED
from faceswap.media.pictures.images import READ_SUFFIXES
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import RUN_CONFIG

log = logging.getLogger(__name__)

FILM_SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".mxf", ".3gp",
    ".flv", ".ogv", ".vob",
)  # fmt: skip
# Pictures that are not read: cameras' raw files, and formats of other programs.
UNREAD_SUFFIXES = (
    ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".tga", ".psd", ".dpx", ".hdr",
    ".heics", ".jxr", ".svg", ".xcf",
)  # fmt: skip
# Folders that systems lay beside pictures: macOS in archives, Synology for thumbnails, Windows for what was deleted.
_FOREIGN_FOLDERS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information")
_told_unread = set[tuple[Path, tuple[Path, ...]]]()
_RUN_FOLDERS = ("previews", "checkpoints", "cache")


def list_pictures(folder: Path, *, recursive: bool = False) -> tuple[Path, ...]:
    """Return the pictures of a folder in natural order (2 before 10).

    Left out are hidden files (`._a.jpg` of macOS), what systems write beside pictures, and what this project does:
    contact sheets and removed faces of a face set, previews of a run.

    Args:
        folder: The folder to look into.
        recursive: Look into the folders below it too.

    Returns:
        The files whose suffix is one of a picture; whether they can be read is not tried.

    Raises:
        UserError: The folder cannot be read.
    """
    _tell_unread(folder)
    return _listed(folder, READ_SUFFIXES, recursive)


def list_films(folder: Path) -> tuple[Path, ...]:
    """Return the films of a folder in natural order, told by their suffixes.

    Raises:
        UserError: As `list_pictures`.
    """
    return _listed(folder, FILM_SUFFIXES, recursive=False)


def is_own(path: Path) -> bool:
    """Return whether a person laid a file there: it is neither hidden, nor of a system, nor made by this project."""
    if path.name.startswith(".") or (path.name == CONTACT_SHEET and _is_face_set(path.parent)):
        return False
    return all(_is_entered(parent) for parent in (path.parent, *path.parent.parents) if parent.name)


def natural_order(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return files sorted as people count: `frame2` before `frame10`."""

    def key(file: Path) -> tuple:
        parts = re.split(r"(\d+)", str(file))
        return tuple((int(part), part) if part.isdecimal() else part for part in parts)

    return tuple(sorted(files, key=key))


def _listed(folder: Path, suffixes: tuple[str, ...], recursive: bool) -> tuple[Path, ...]:
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        own_sheet = _is_face_set(place)
        try:
            entries = [entry for entry in os.scandir(place) if not entry.name.startswith(".")]
        except OSError as error:
            raise UserError(f"cannot read the folder {place}: {(error.strerror or str(error)).lower()}") from error
        for entry in entries:
            path = Path(entry.path)
            if entry.is_file():
                if path.suffix.lower() in suffixes and not (own_sheet and entry.name == CONTACT_SHEET):
                    found.append(path)
            elif recursive and entry.is_dir(follow_symlinks=False) and _is_entered(path):
                waiting.append(path)
    return natural_order(found)


def _tell_unread(folder: Path) -> None:
    """Log one WARNING about pictures in formats that are not read, however often a command lists the folder."""
    unread = _listed(folder, UNREAD_SUFFIXES, recursive=False)
    if unread and (folder, unread) not in _told_unread:
        _told_unread.add((folder, unread))
        kinds = ", ".join(sorted({path.suffix.lower() for path in unread}))
        log.warning("%s: %d pictures left out: %s cannot be read; make them JPEG or PNG", folder, len(unread), kinds)


def _is_entered(folder: Path) -> bool:
    """Return whether pictures below a folder may be a person's own."""
    name, parent = folder.name, folder.parent
    if name in _FOREIGN_FOLDERS or (name == REMOVED and _is_face_set(parent)):
        return False
    return not (name in _RUN_FOLDERS and (parent / RUN_CONFIG).is_file())


def _is_face_set(folder: Path) -> bool:
    return (folder / ALIGNMENTS).is_file()
