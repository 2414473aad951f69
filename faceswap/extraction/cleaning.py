"""Takes an extraction's files out of its folder again."""

from __future__ import annotations

from pathlib import Path

from faceswap.core.face_set import (
    ALIGNMENTS,
    CONTACT_SHEET,
    CURATION_CACHE,
    CURATION_REPORT,
    CURATION_SHEET,
    REMOVED,
    REPORT,
    TAKEN_OUT,
)
from faceswap.extraction.journal import JOURNAL
from faceswap.utils.atomic import TEMP_MARK, writing_errors
from faceswap.utils.choices import IMAGE_FORMATS


def clear(folder: Path) -> None:
    """Deletes a face set's own files; what a user laid beside them stays. The folder must be locked."""
    if not folder.is_dir():
        return
    with writing_errors(folder):
        remove_parts(folder)
        own = (ALIGNMENTS, CONTACT_SHEET, REPORT, JOURNAL, CURATION_SHEET, CURATION_REPORT, CURATION_CACHE, TAKEN_OUT)
        for path in folder.iterdir():
            if path.name in own or _is_crop(path):
                path.unlink()
        _clear_removed(folder / REMOVED)


def remove_parts(folder: Path) -> None:
    """Removes temporary files that a kill left behind. The folder must be locked: those of others alive go too."""
    for path in folder.glob(f".*{TEMP_MARK}*"):
        path.unlink(missing_ok=True)


def _clear_removed(folder: Path) -> None:
    """Faces taken out belong to the old extraction: put back among new ones they would stand for other faces."""
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            if _is_crop(path):
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


def _is_crop(path: Path) -> bool:
    number, _, face = path.stem.partition("_")
    return path.suffix[1:] in IMAGE_FORMATS and number.isdecimal() and face.isdecimal()
