"""Matching of face sets to sources by content, wherever the source lies."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.core.face_set import ALIGNMENTS, REPORT, FaceSet
from faceswap.core.set_sources import sources_of
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.reading import read_json

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

log = logging.getLogger(__name__)


def is_made_from(report: dict[str, Any], info: SourceInfo) -> bool:
    """Return True when a face set with this report was made from this very source, wherever it lay then."""
    return source_number(report, info) is not None


def source_number(report: dict[str, Any], info: SourceInfo) -> int | None:
    """Return which of the sources in a face set's report this one is, wherever it lay then.

    None when it is none of them.

    A source without a checksum is believed by the path.
    """
    try:
        sources = sources_of(report)
    except (ValueError, TypeError):  # told when somebody asks for this set
        return None
    if not sources:
        return None
    checksum, path = info.fingerprint, Path(info.path).resolve()
    for number, source in enumerate(sources):
        if checksum == source.sha256 if source.sha256 else path == source.path.resolve():
            return number
    return None


def part_of(face_set: FaceSet, info: SourceInfo) -> FaceSet:
    """Return what a face set knows of a source; all of it, with a warning, where the set is of one other source.

    Raises:
        UserError: The set was made from several others, or holds no face of this one.
    """
    number = source_number(face_set.report, info)
    several = len(face_set.sources) > 1
    if number is not None:
        part = face_set.of_source(number)
        if several and not part.records:
            raise UserError(f"the face set {face_set.name} holds no face of {info.path}")
        return part
    if several:
        names = ", ".join(str(source.path) for source in face_set.sources)
        raise UserError(
            f"{face_set.folder} was extracted from {names}, none of which {info.path} is as it is now; "
            "leave faces= out, or convert one of these"
        )
    if face_set.source is not None and face_set.source.resolve() == Path(info.path).resolve():
        log.warning("%s has changed since %s was extracted from it: its faces may lie elsewhere now, or be more; "
                    "extract it again", info.path, face_set.folder)  # fmt: skip
    elif face_set.source is not None:
        log.warning("%s was extracted from %s and is used for %s", face_set.folder, face_set.source, info.path)
    return face_set


def set_made_from(folders: list[Path], info: SourceInfo) -> Path | None:
    """Return the first of these face sets that was made from the source; None when there is none."""
    for folder in folders:
        if not (folder / ALIGNMENTS).is_file():
            continue
        try:
            report = read_json(folder / REPORT)
        except (OSError, ValueError):  # told when somebody asks for this set
            continue
        if isinstance(report, dict) and is_made_from(report, info):
            return folder
    return None
