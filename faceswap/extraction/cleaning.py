"""Deletion of an extraction's own files, those that its records name and no others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from faceswap.core.face_set import (
    ALIGNMENTS,
    CONTACT_SHEET,
    CURATION_CACHE,
    CURATION_REPORT,
    CURATION_SHEET,
    REMOVED,
    REPAIRS,
    REPORT,
    TAKEN_OUT,
)
from faceswap.extraction.journal import JOURNAL, planned_crops
from faceswap.extraction.naming import looks_like_a_crop
from faceswap.media.sources import SourceInfo
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_text, writing_errors
from faceswap.utils.files.links import refuse_links, remove
from faceswap.utils.files.temporary import sweep
from faceswap.utils.untrusted.reading import Untrusted, read_json, read_lines

CLEARING = ".clearing"  # lies in a folder while its face set is deleted, so that a kill does not leave half of one
_MADE_LAST = (CONTACT_SHEET, CURATION_SHEET, CURATION_REPORT, CURATION_CACHE, TAKEN_OUT)


def is_face_set(folder: Path) -> bool:
    """Return whether a folder holds a face set of this project, whole or not."""
    return any((folder / name).is_file() for name in (ALIGNMENTS, JOURNAL, CLEARING))


def clear(folder: Path) -> None:
    """Delete a face set's own files; what a user laid beside them stays, and a folder that is none is left alone.

    The folder must be locked. A kill leaves the mark CLEARING: then it is to be cleared again.
    """
    if not is_face_set(folder):
        return
    with writing_errors(folder):
        refuse_links(folder / ALIGNMENTS)
        crops = _crops_of(folder)
        write_text(folder / CLEARING, "")
        sweep(folder)
        (folder / REPORT).unlink(missing_ok=True)  # first: what is half gone is not whole
        remove_crops(folder, crops)
        removed = folder / REMOVED
        if removed.is_dir() and not removed.is_symlink():
            # They belong to the old extraction: put back among new ones they would stand for other faces.
            remove_crops(removed, crops)
            if not any(removed.iterdir()):
                removed.rmdir()
        remove(folder / REPAIRS)
        for name in (*_MADE_LAST, ALIGNMENTS, JOURNAL, CLEARING):
            (folder / name).unlink(missing_ok=True)


def remove_crops(folder: Path, names: Iterable[str]) -> None:
    """Delete crops by their names; a name that no extraction gives is left alone, whoever wrote it into a record."""
    for name in names:
        if looks_like_a_crop(name):
            (folder / name).unlink(missing_ok=True)


def refuse_source(folder: Path, sources: Sequence[SourceInfo]) -> None:
    """Raise UserError when a face set would be written among the pictures that it is made from."""
    target = os.path.realpath(folder)
    for source in sources:
        if any(os.path.realpath(place) == target for place in {file.parent for file in source.files}):
            raise UserError(
                f"the face set {folder} would lie among the pictures of {source.path} that it is made from; "
                "choose another name= or workspace="
            )


def refuse_unknown_files(folder: Path) -> None:
    """Raise UserError when a new face set in `folder` would be written over files that no extraction made."""
    if not folder.is_dir():
        return
    known = _crops_of(folder)
    other_people = {place / name for place in (folder, folder / REMOVED) for name in _crop_like(place) - known}
    if not is_face_set(folder):
        other_people |= {folder / name for name in _MADE_LAST if (folder / name).exists()}
        if (folder / REPORT).exists() and not _is_report(folder / REPORT):
            other_people.add(folder / REPORT)
    if other_people:
        more = f" and {len(other_people) - 1} more files" if len(other_people) > 1 else ""
        raise UserError(
            f"{min(other_people)}{more} would be written over, and no extraction's record names it; move it elsewhere, "
            "or choose another name="
        )


def _crop_like(folder: Path) -> set[str]:
    """Return the files of a folder, if it is there, that could be taken for crops by their names."""
    if folder.is_symlink() or not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if looks_like_a_crop(path.name)}


def _crops_of(folder: Path) -> set[str]:
    """Return the names of all crops that the alignments and the journal speak of; damaged lines name none."""
    names = planned_crops(folder)
    path = folder / ALIGNMENTS
    if path.is_file() and not path.is_symlink():
        with suppress(OSError, Untrusted):
            for line, _ in read_lines(path):
                with suppress(ValueError, LookupError, TypeError, RecursionError):
                    names.add(str(json.loads(line)["file"]))
    return names


def _is_report(path: Path) -> bool:
    try:
        report = read_json(path)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(report, dict) and "source_sha256" in report
