"""The extract pipeline: streaming, threaded, and resumable after a kill."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from faceswap.core.face_set import FaceSet
from faceswap.detect.protocol import Finder
from faceswap.extraction.cleaning import CLEARING, clear, refuse_source, refuse_unknown_files
from faceswap.extraction.config import ExtractionConfig
from faceswap.extraction.identity import Person
from faceswap.extraction.journal import JOURNAL, Journal
from faceswap.extraction.run import Extraction
from faceswap.extraction.settings import ExtractionSettings, check_ranges, settings_for, stored_settings
from faceswap.media.sources import SourceInfo, probe
from faceswap.utils.errors import UserError
from faceswap.utils.files.locks import locked, tidy

logger = logging.getLogger(__name__)

USUAL = ExtractionConfig()


def extract_faces(
    source: str | Path | SourceInfo | Sequence[SourceInfo],
    finder: Finder,
    folder: Path,
    config: ExtractionConfig = USUAL,
    keep: Person | None = None,
) -> Path:
    """Find the faces of `source`, or of several, and store them as one face set in `folder`, which is returned.

    With `keep` the tracks of other people are taken out at the end.

    A run that was interrupted goes on and ends as if it had not been; one that is complete returns at once; other
    settings than the folder was begun with are refused unless `restart`, which deletes the old faces. Raises UserError
    (nothing to read, no face at all, no room to write, the folder holds files of others) and Interrupted (saved, can
    go on).
    """
    check_ranges(config)
    folder = Path(folder)
    sources = _probed(source)
    refuse_source(folder, sources)
    descriptions = []
    for info in reversed(sources):  # so that the finder is left with the first one
        finder.prepare(info)
        descriptions.append(finder.description)
    settings = settings_for(
        sources,
        "; ".join(dict.fromkeys(reversed(descriptions))),
        replace(config, smooth_frames=0) if all(info.kind == "images" for info in sources) else config,
        keep.description if keep else "",
    )
    if not config.restart and _is_complete(folder, settings):  # reading needs no lock, and no right to write
        tidy(folder)
        with suppress(OSError):  # left by a kill after the set was whole
            (folder / JOURNAL).unlink(missing_ok=True)
        return folder
    try:
        with locked(folder, "extracting into it"):
            if config.restart or (folder / CLEARING).exists():
                refuse_unknown_files(folder)
                clear(folder)
            if not _is_complete(folder, settings):
                with _journal(folder, settings) as journal:
                    Extraction(sources, finder, folder, settings, journal, keep).run()
    finally:
        if folder.is_dir() and not any(folder.iterdir()):  # nothing came of it
            folder.rmdir()
    return folder


def _probed(source: str | Path | SourceInfo | Sequence[SourceInfo]) -> Sequence[SourceInfo]:
    if isinstance(source, SourceInfo):
        return [source]
    return [probe(source)] if isinstance(source, str | Path) else source


def _journal(folder: Path, settings: ExtractionSettings) -> Journal:
    """Return the journal of the run that was begun there, else of a new one. Raises UserError when neither can be."""
    if stored_settings(folder)[0] is None:
        refuse_unknown_files(folder)
        return Journal.begin(folder, settings.values)
    journal = Journal.resume(folder)
    begun = (journal.place or {}).get("keep", settings.keep)
    if begun != settings.keep:
        raise UserError(
            f"{folder}: a run with another person= has begun to take out faces; give that one again, or restart=true "
            "to delete its faces and start anew"
        )
    return journal


def _is_complete(folder: Path, settings: ExtractionSettings) -> bool:
    """Return whether the face set is there and whole. Raises UserError when it was begun with other settings."""
    if (folder / CLEARING).exists():  # half deleted
        return False
    stored, completed = stored_settings(folder)
    if stored is not None:
        # whom to keep is asked at the very end: until then it may still change
        settings.refuse_others(stored if completed else stored | {"keep": settings.keep}, folder)
    if completed:
        logger.info("%s is complete: %d faces; start anew with restart=true", folder, len(FaceSet.open(folder)))
    return completed
