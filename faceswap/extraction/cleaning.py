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
from faceswap.utils.atomic import writing_errors
from faceswap.utils.choices import IMAGE_FORMATS
from faceswap.utils.links import refuse_links
from faceswap.utils.writers import sweep


def clear(folder: Path) -> None:
    """Deletes a face set's own files; what a user laid beside them stays. The folder must be locked."""
    if not folder.is_dir():
        return
    refuse_links(folder / ALIGNMENTS)
    with writing_errors(folder):
        sweep(folder)
        own = (ALIGNMENTS, CONTACT_SHEET, REPORT, JOURNAL, CURATION_SHEET, CURATION_REPORT, CURATION_CACHE, TAKEN_OUT)
        for path in folder.iterdir():
            if path.name in own or _is_crop(path):
                path.unlink()
        _clear_removed(folder / REMOVED)


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
