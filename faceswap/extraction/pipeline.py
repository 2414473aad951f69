"""The extract pipeline: frames in, a face set out - streaming, in threads, and able to go on after a kill."""

from __future__ import annotations

import logging
from pathlib import Path

from faceswap.core.face_set import FaceSet
from faceswap.detect.protocol import Finder
from faceswap.extraction.cleaning import clear
from faceswap.extraction.identity import Person
from faceswap.extraction.journal import Journal
from faceswap.extraction.run import Extraction
from faceswap.extraction.settings import Settings, check_ranges, settings_for, stored_settings
from faceswap.media.sources import SourceInfo, probe
from faceswap.utils.locks import locked

logger = logging.getLogger(__name__)


def extract_faces(
    source: str | Path | SourceInfo,
    finder: Finder,
    folder: Path,
    *,
    size_px: int = 256,
    every: int = 1,
    start: int = 0,
    stop: int | None = None,
    image_format: str = "jpg",
    minimum_face_px: int = 16,
    smooth_frames: int = 0,
    keep: Person | None = None,
    restart: bool = False,
) -> Path:
    """Finds the faces of `source` and stores them as a face set in `folder`, which is returned.

    Every `every`-th frame from `start` to before `stop` is looked at; faces whose box has no side of `minimum_face_px`
    are left out; crops are `size_px` wide. The points of a film's tracks are smoothed over `smooth_frames` to both
    sides. With `keep` the tracks of other people are taken out at the end.

    A run that was interrupted goes on; one that is complete returns at once; other settings than the folder was begun
    with are refused unless `restart`, which deletes the old faces. Raises UserError (nothing to read, no face at all,
    no room to write) and Interrupted (saved, can go on).
    """
    check_ranges(size_px, every, image_format, minimum_face_px, smooth_frames)
    folder = Path(folder)
    info = source if isinstance(source, SourceInfo) else probe(source)
    finder.prepare(info)
    settings = settings_for(
        info, finder, size_px, every, start, stop, image_format, minimum_face_px,
        0 if info.kind == "images" else smooth_frames, keep.description if keep else "",
    )  # fmt: skip
    if not restart and _is_complete(folder, settings):  # reading needs no lock, and no right to write
        return folder
    try:
        with locked(folder, "extracting into it"):
            if restart:
                clear(folder)
            if not _is_complete(folder, settings):
                begun = stored_settings(folder)[0] is not None
                with Journal.resume(folder) if begun else Journal.begin(folder, settings.values) as journal:
                    Extraction(info, finder, folder, settings, journal, keep).run()
    finally:
        if folder.is_dir() and not any(folder.iterdir()):  # nothing came of it
            folder.rmdir()
    return folder


def _is_complete(folder: Path, settings: Settings) -> bool:
    """Whether the face set is there and whole. Raises UserError when it was begun with other settings."""
    stored, completed = stored_settings(folder)
    if stored is not None:
        # whom to keep is asked at the very end: until then it may still change
        settings.refuse_others(stored if completed else stored | {"keep": settings.keep}, folder)
    if completed:
        logger.info("%s is complete: %d faces; start anew with restart=true", folder, len(FaceSet.open(folder)))
    return completed
