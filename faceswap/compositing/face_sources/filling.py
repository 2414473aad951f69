"""Faces of a whole film: those of a face set, and detected ones in frames that it does not cover."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.compositing.face_sources.coverage import Coverage, check_complete, finder_of, unknown_people
from faceswap.compositing.face_sources.face_source import (
    DetectedFaces,
    FaceSource,
    StoredFaces,
    TargetFace,
    WantedFaces,
)
from faceswap.compositing.face_sources.matching import part_of
from faceswap.core.boxes import box_of, iou
from faceswap.core.face_set import FaceSet
from faceswap.core.values import Frame
from faceswap.detect.protocol import Finder
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

SAME_PLACE = 0.5  # overlap from which a bridged face is where the finder sees it
SAME_FACE = 0.05  # and from which it is that face at all

log = logging.getLogger(__name__)


class FilledFaces:
    """The faces that `stored` knows, and in frames that its set was not made of those that `found` sees.

    Of a set made with every > 1 the frames in between are bridged; a face that came or went between two of them, or
    moved otherwise than straight on, is taken from the finder. `only_known`: of found faces those alone that a known
    one of a neighbouring frame lies over, because others of the film are to stay as they are.
    """

    def __init__(
        self, stored: StoredFaces, found: DetectedFaces, coverage: Coverage, next_track: int, only_known: bool = False
    ) -> None:
        self._stored, self._found, self._coverage = stored, found, coverage
        self._next_track, self._only_known = next_track, only_known

    @property
    def about(self) -> dict[str, Any]:
        finder = self._found.about["faces_from"]
        return {
            **self._stored.about,
            "faces_from": f"{self._stored.about['faces_from']} ({self._coverage}), the other frames by {finder}",
        }

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]:
        for is_searched, run in groupby(frames, self._is_searched):
            locate = self._filled if is_searched else self._stored.locate
            yield from locate(run)

    def is_found_anew(self, frame: int) -> bool:
        return not self._coverage.has(frame)

    def _is_searched(self, frame: Frame) -> bool:
        # Of every n-th frame all: a finder that follows faces had better see each.
        return self._coverage.every > 1 or not self._coverage.is_between(frame.index)

    def _filled(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]:
        for frame, found in self._found.locate(frames):
            known = self._stored.faces_at(frame.index)
            if not self._coverage.has(frame.index):
                known = self._joined(frame.index, known, found)
            yield frame, known

    def _joined(self, frame: int, known: Sequence[TargetFace], found: Sequence[TargetFace]) -> list[TargetFace]:
        """Return the bridged faces, where they are off put where the finder sees them.

        Those that nobody knew of.
        """
        faces, free = [], list(found)
        for face in known:
            seen = max(free, key=lambda other: _overlap(face, other), default=None)
            shared = 0.0 if seen is None else _overlap(face, seen)
            if seen is not None and shared > SAME_FACE:
                free.remove(seen)
                face = face if shared > SAME_PLACE else replace(seen, track=face.track)
            faces.append(face)
        if self._only_known:
            every, start = self._coverage.every, self._coverage.start
            before = frame - (frame - start) % every
            near = [*self._stored.faces_at(before), *self._stored.faces_at(before + every)]
            free = [face for face in free if any(_overlap(face, other) > SAME_FACE for other in near)]
        return faces + [replace(face, track=face.track + self._next_track) for face in free]


def face_source_for(
    info: SourceInfo,
    faces: str | Path | FaceSet | None,
    finder: Finder | None,
    wanted: WantedFaces,
) -> FaceSource:
    """Return the places of the faces in the frames that are converted.

    Args:
        info: The film.
        faces: A face set, all of it with deleted crops too, or its folder; frames that it was not made of are searched.
        finder: Who searches them; None: the one that the set was made with. Without a face set it finds all faces.
        wanted: Those of which frames and tracks.

    Raises:
        UserError: Nothing tells where faces are, or who they are in frames that the set was not made of.
    """
    tracks, smooth_frames = wanted.tracks, wanted.smooth_frames
    if faces is None:
        if finder is None:
            raise UserError(f"no faces are known of {info.path}: extract it first or name a finder (finder=...)")
        if tracks is not None:
            raise UserError("tracks= chooses among the tracks of a face set: extract the video first")
        finder.prepare(info)
        return DetectedFaces(finder, smooth_frames)
    face_set = faces if isinstance(faces, FaceSet) else FaceSet.open(faces, with_deleted=True)
    # deleted crops leave the training, not the film
    check_complete(face_set)
    face_set = part_of(face_set, info)
    is_film = info.kind != "images"
    stored = StoredFaces(
        face_set, tracks=tracks, smooth_frames=smooth_frames, fill_frames=wanted.fill_frames, is_film=is_film
    )
    coverage = Coverage.of(face_set.report)
    reaches = coverage.reaches_over(wanted.start, wanted.stop, info.frame_count)
    if reaches and coverage.every == 1:
        return stored
    is_limited = bool(tracks is not None or face_set.report.get("keep") or stored.about["faces_left_as_filmed"])
    if is_limited and not (reaches and is_film):
        raise unknown_people(face_set)
    finder = finder or finder_of(face_set)
    finder.prepare(info)
    log.warning("the face set %s was made of %s: faces of the other frames are found anew", face_set.name, coverage)
    next_track = max(record.track for record in face_set.records) + 1
    return FilledFaces(stored, DetectedFaces(finder, smooth_frames), coverage, next_track, is_limited)


def _overlap(a: TargetFace, b: TargetFace) -> float:
    """Return the intersection over union of the boxes around the points of two faces, in [0, 1]."""
    return iou(box_of(a.points), box_of(b.points))
