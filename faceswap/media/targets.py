"""Checks of output paths before the work begins: never over the source, nothing else overwritten."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from faceswap.media.listing import FILM_SUFFIXES, UNREAD_SUFFIXES
from faceswap.media.pictures.images import READ_SUFFIXES
from faceswap.media.pictures.sequence_names import PICTURE_SUFFIXES
from faceswap.media.sources import SourceInfo
from faceswap.provenance.signing import SIDECAR_SUFFIX
from faceswap.utils.errors import UserError
from faceswap.utils.files.links import own_folder
from faceswap.utils.files.temporary import sweep, temp_path
from faceswap.utils.files.workspace import RESULT_REPORT
from faceswap.utils.untrusted.reading import read_json


def suffix_of(info: SourceInfo, codec: str = "auto") -> str:
    """Return a result's suffix: films stay MOV or MKV, else become MP4, or what holds the codec.

    A picture keeps its own where that can be written; a format that is only read (HEIC, TIFF) becomes PNG. A folder
    has none.
    """
    from faceswap.media.video.coding import takes, usual_suffix

    suffix = Path(info.path).suffix.lower()
    if info.kind != "images":
        is_kept = suffix in (".mp4", ".mov", ".mkv") and takes(codec, suffix)
        return suffix if is_kept else usual_suffix(codec)
    if not info.is_still:
        return ""
    return suffix if suffix in PICTURE_SUFFIXES else ".png"


def names_a_file(path: Path) -> bool:
    """Return True for the name of a picture or film; other dots in a folder's name (faces.v2) mean nothing."""
    kind, _ = mimetypes.guess_type(f"x{path.suffix.lower()}")
    is_media = kind is not None and kind.split("/")[0] in ("image", "video", "audio")
    return is_media or path.suffix.lower() in (*READ_SUFFIXES, *FILM_SUFFIXES, *UNREAD_SUFFIXES)


def check_target(path: Path, info: SourceInfo, picture_names: Collection[str] = ()) -> None:
    """Raise UserError when `path` cannot become a result of `info`; removes what killed processes left beside it.

    With `picture_names` the result is a folder of pictures of these names, else a file. The folder of the result is
    made when it is missing.
    """
    try:
        refuse_losses(path, info, picture_names)
        own_folder(path.parent)
        sweep(path.parent)
        trial = temp_path(path)
        trial.touch()
        trial.unlink()
    except OSError as error:
        reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
        raise UserError(f"cannot write {path}: {reason}; name another place with out=") from error


def refuse_losses(path: Path, info: SourceInfo, picture_names: Collection[str] = ()) -> None:
    """Raise UserError when writing `path` would cost the user a source, or files that are no earlier result."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(path)  # a name too long for the file system is told here
    target = os.path.realpath(path)
    folders = {os.path.realpath(file.parent) for file in info.files or (info.path,)}
    if _is_same(path, info.path) or (not picture_names and any(_is_same(path, file) for file in info.files)):
        raise UserError(f"cannot write {path}: it is the source; name another place with out=")
    if any(folder == target or folder.startswith(target + os.sep) for folder in folders):
        raise UserError(f"cannot write {path}: it holds the source; name another place with out=")
    if not picture_names:
        if path.is_dir():
            raise UserError(f"cannot write {path}: a folder has that name; name another place with out=")
        return
    if (len(info.files) > 1 or info.path.is_dir()) and os.path.dirname(target) in folders:
        raise UserError(f"cannot write the folder {path}: it lies among the source's pictures; say another out=")
    if os.path.lexists(path) and not _is_earlier_result(path, picture_names):
        raise UserError(f"cannot write the folder {path}: it holds other files; remove it or name another one")


def _is_earlier_result(folder: Path, picture_names: Collection[str]) -> bool:
    """Return whether a folder holds a result's report and nothing but pictures that are about to be made again."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    entries = list(os.scandir(folder))
    names = (entry.name.removesuffix(SIDECAR_SUFFIX) for entry in entries)
    if any(name not in picture_names and name != RESULT_REPORT for name in names):
        return False
    if not all(entry.is_file() for entry in entries):
        return False
    if not entries:
        return True
    try:
        report = read_json(folder / RESULT_REPORT)
    except (OSError, ValueError):
        return False
    return isinstance(report, dict) and "source" in report and "out" in report


def _is_same(path: Path, source: Path) -> bool:
    with suppress(OSError):
        return os.path.samefile(path, source)
    return os.path.realpath(path) == os.path.realpath(source)
