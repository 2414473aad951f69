"""Sources of the faces to swap in each frame, for convert: a stored face set, or a finder run on the fly."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.face_sources.track_path import TrackPath, bridged, smoothed
from faceswap.compositing.segments.forgetting import forget
from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import frame_to_crop_for, scale_of
from faceswap.core.taken_out import without_other_people
from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder, find_in_batches
from faceswap.track.smoothing import smoothed_tracks, track_faces
from faceswap.track.tracker import Tracker
from faceswap.utils.errors import UserError

SMALLEST_SCALE = 1e-3  # crop pixels per frame pixel, and the other way round

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TargetFace:
    """A face to be swapped: `points` (68, 2) in frame pixels, `frame_to_crop` (2, 3) into a crop of `crop_size_px`."""

    points: NDArray[np.float32]
    frame_to_crop: NDArray[np.float64]
    crop_size_px: int
    track: int = -1


@dataclass(frozen=True)
class WantedFaces:
    """Which faces of a film are asked for.

    Attributes:
        start, stop: The frames (stop None: to the end).
        tracks: Of a face set, these only.
        smooth_frames: Frames on each side over which places are steadied.
        fill_frames: Frames of the longest gap over which a track is carried.
    """

    start: int = 0
    stop: int | None = None
    tracks: Collection[int] | None = None
    smooth_frames: int = 0
    fill_frames: int = 0


class FaceSource(Protocol):
    """Yields the faces to swap of frames that stream by, in order; it may read some frames ahead."""

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]: ...

    def is_found_anew(self, frame: int) -> bool:
        """Return whether a face set is there and was not made of this frame."""
        ...

    @property
    def about(self) -> dict[str, Any]:
        """What the report of a result says of where its faces come from."""
        ...


class StoredFaces:
    """The faces of a face set.

    Frames between two records of a track are bridged when at most `fill_frames` are missing (faces that the finder
    lost); those of a film that a set extracted with every > 1 skips, always. `smooth_frames` > 0 steadies each track
    over that many frames to both sides. `tracks` keeps these tracks only; without it, people taken out of
    the set as others stay as they were filmed.
    """

    def __init__(
        self,
        face_set: FaceSet,
        *,
        tracks: Collection[int] | None = None,
        smooth_frames: int = 0,
        fill_frames: int = 10,
        is_film: bool = True,
    ) -> None:
        if not face_set.records:
            raise UserError(f"the face set {face_set.folder} holds no faces; extract the video again")
        self._paths: list[tuple[int, int, TrackPath]] = []  # track, crop size, a path with every frame present
        self._single: dict[int, list[TargetFace]] = defaultdict(list)  # by frame: faces of no path
        by_track: dict[int, list[FaceRecord]] = defaultdict(list)
        records = _of_tracks(face_set, tracks)
        self.about = {"faces_from": f"face set {face_set.name}", "faces_left_as_filmed": len(face_set) - len(records)}
        for record in records:
            by_track[record.track].append(record)
        every = int(face_set.report.get("every", 1))
        if every > 1 and is_film:  # the frames in between, also where one face was missed
            fill_frames = max(fill_frames, 2 * every - 1)
        for track, records in by_track.items():
            self._add_track(track, records, smooth_frames, fill_frames)

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]:
        for frame in frames:
            yield frame, self.faces_at(frame.index)

    def is_found_anew(self, frame: int) -> bool:
        return False

    def frames_with_faces(self) -> set[int]:
        """Return the frames for which `faces_at` may know a face."""
        of_paths = {frame for _, _, path in self._paths for frame in range(path.first_frame, path.last_frame + 1)}
        return of_paths | set(self._single)

    def faces_at(self, frame: int) -> list[TargetFace]:
        """Return the faces of one frame, stored or bridged."""
        faces = list(self._single.get(frame, ()))
        for track, size_px, path in self._paths:
            if path.first_frame <= frame <= path.last_frame:
                here = path.at(frame)
                faces.append(TargetFace(here.points[0], here.frame_to_crop(size_px)[0], size_px, track))
        return [face for face in faces if _has_size(face.frame_to_crop)]

    def _add_track(self, track: int, records: list[FaceRecord], smooth_frames: int, fill_frames: int) -> None:
        several = len({record.frame for record in records}) < len(records)
        if track < 0 or several:
            # No path in time: unknown tracks; two faces of one number in a frame (a file that numbers persons).
            for record in records:
                face = TargetFace(record.points, record.frame_to_crop, record.size_px, record.track)
                self._single[record.frame].append(face)
            return
        for path in bridged(TrackPath.of(records), fill_frames):
            self._paths.append((track, records[0].size_px, smoothed(path, smooth_frames)))


class DetectedFaces:
    """The faces that a finder sees, found and linked into tracks while converting.

    `smooth_frames` > 0 steadies each track over that many frames to both sides. Gaps are not bridged: in a gap its end
    is not known yet.
    """

    def __init__(self, finder: Finder, smooth_frames: int = 0, crop_size_px: int = 256) -> None:
        self._finder, self._smooth_frames, self._crop_size_px = finder, smooth_frames, crop_size_px

    @property
    def about(self) -> dict[str, Any]:
        return {"faces_from": f"finder {self._finder.description}"}

    def is_found_anew(self, frame: int) -> bool:
        return False

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]:
        forget(self._finder)
        for found in smoothed_tracks(
            track_faces(find_in_batches(self._finder, frames), Tracker()), self._smooth_frames
        ):
            yield found.frame, [self._place(face) for face in found.faces]

    def _place(self, face: Face) -> TargetFace:
        frame_to_crop = frame_to_crop_for(face.points, self._crop_size_px)
        return TargetFace(face.points, frame_to_crop, self._crop_size_px, face.track)


def _of_tracks(face_set: FaceSet, tracks: Collection[int] | None) -> list[FaceRecord]:
    if tracks is None:
        return _of_wanted_people(face_set)
    known = {record.track for record in face_set.records}
    missing = sorted(set(tracks) - known)
    if missing:
        raise UserError(
            f"the face set {face_set.folder} has no track {', '.join(map(str, missing))}; "
            f"its tracks: {', '.join(map(str, sorted(known)))}"
        )
    return [record for record in face_set.records if record.track in set(tracks)]


def _of_wanted_people(face_set: FaceSet) -> list[FaceRecord]:
    """Return the faces that were not taken out as other people.

    Pictures taken out as bad ones are swapped all the same.
    """
    records = without_other_people(face_set.folder, face_set.records)
    if left := len(face_set.records) - len(records):
        log.info("%d faces of people that curate took out of %s stay as filmed", left, face_set.name)
    return records


def _has_size(frame_to_crop: NDArray[np.float64]) -> bool:
    # A path bridged between two opposite rolls passes through a square of no size, and a file may hold one.
    return bool(np.isfinite(frame_to_crop).all()) and SMALLEST_SCALE < scale_of(frame_to_crop) < 1 / SMALLEST_SCALE


@dataclass(frozen=True, eq=False)
class WrappedFaces:
    """Faces of another source, which tells what it knows of itself; what wraps it has its own `locate`."""

    faces: FaceSource

    @property
    def about(self) -> dict[str, Any]:
        """Return what the source of the faces says of itself."""
        return self.faces.about

    def is_found_anew(self, frame: int) -> bool:
        """Return whether the frame is none that the faces' set was made of."""
        return self.faces.is_found_anew(frame)
