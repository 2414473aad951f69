"""The report of an extraction, and the line logged at its end."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from faceswap.core.embeddings import likeness, mean_of
from faceswap.core.face_record import FaceRecord
from faceswap.extraction.journal import StoredFrame
from faceswap.extraction.settings import ExtractionSettings
from faceswap.media.sources import SourceInfo
from faceswap.track.tracker import SAME

SMALL_COVERAGE = 0.25  # share of the frames with a face below which something may be wrong with the film or the finder

logger = logging.getLogger(__name__)


def report_of(
    sources: Sequence[SourceInfo], entries: Sequence[StoredFrame], tracks: int, settings: ExtractionSettings
) -> dict[str, Any]:
    """Return what is known of a face set that has come as far as the journal's entries."""
    report = {**_about(sources[0], entries), "tracks": tracks, **settings.values}
    if len(sources) > 1:
        report["sources"] = [
            _about(info, [entry for entry in entries if entry.source == number])
            | {"path": os.path.abspath(info.path), "sha256": info.fingerprint}
            for number, info in enumerate(sources)
        ]
    return report


def tell(name: str, records: Sequence[FaceRecord], frames: int) -> None:
    """Log how many faces of whom were found in how many of the frames; a warning where these are few."""
    covered = len({(record.source, record.frame) for record in records})
    tracks = len({record.track for record in records})
    people = people_among(records)
    whom = f"{_counted(tracks, 'track')}" if people is None else f"about {_counted(people, 'person', 'people')}"
    line = f"{name}: {_counted(len(records), 'face')} of {whom} in {covered} of {_counted(frames, 'frame')}"
    if covered < SMALL_COVERAGE * frames:
        logger.warning(
            "%s: most frames show no face that was found; look at %s's contact sheet, and if faces are missing try "
            "finder.minimum_score=0.2, finder.detect_side_px=1280 or a smaller minimum_face_px=",
            line,
            name,
        )
    else:
        logger.info("%s", line)


def people_among(records: Sequence[FaceRecord]) -> int | None:
    """Return about how many people the tracks are of; None where the finder recognises nobody.

    Each track joins the person it is most alike to, from `tracks.SAME` on; a track that was never recognised counts
    for nobody.
    """
    found: dict[int, list] = defaultdict(list)
    for record in records:
        if record.embedding is not None:
            found[record.track].append(record.embedding)
    people: list[list] = []
    for vectors in sorted(found.values(), key=len, reverse=True):
        alike = [likeness(mean_of(person), mean_of(vectors)) for person in people]
        if alike and max(alike) >= SAME:
            people[alike.index(max(alike))] += vectors
        elif len(people) < _MOST_PEOPLE:
            people.append(list(vectors))
    return len(people) or None


_MOST_PEOPLE = 200  # beyond it nobody counts


def _about(info: SourceInfo, entries: Sequence[StoredFrame]) -> dict[str, Any]:
    return {
        "source": os.path.abspath(info.path),
        "width": info.width,
        "height": info.height,
        "frames_per_second": round(float(info.frames_per_second), 6),
        "frames": len(entries),
        "faces": sum(entry.faces for entry in entries),
        "frames_without_face": sum(entry.faces == 0 for entry in entries),
    }


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"
