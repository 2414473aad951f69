"""Everything a run knows about its two face sets: caches, which faces train, which are held out, which are shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_set import TOGETHER, FaceSet
from faceswap.core.geometry import head_pose, transform_points, view_of_crop
from faceswap.swap.data.batches import TrainingFaces
from faceswap.swap.data.cache import cached_faces, cached_points, crop_px_for, open_cache
from faceswap.swap.data.warp import sample_cv2, still
from faceswap.utils.errors import UserError

CACHE = "cache"
MIN_FACES_TO_HOLD_OUT = 20
FEW_FACES = 100
MAX_VALIDATION_FACES = 64  # a side; evenly spread over the held-out time, so that a look stays cheap
PREVIEW_FACES = 6
KNOWN_FACES = 16
FACES_FOR_YAW = 2000  # a tenth of a second
SEEN_PERCENT = 98

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FaceViews:
    """Unwarped views of faces: `pictures` (N, R, R, 4) uint8, RGB and mask; `points` (N, 68, 2) float32, px in them."""

    pictures: NDArray[np.uint8]
    points: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """(N, R, R, 3)."""
        return np.ascontiguousarray(self.pictures[..., :3])

    def at(self, which: NDArray[Any]) -> FaceViews:
        """Those of the given indices, or where it is true."""
        return FaceViews(self.pictures[which], self.points[which])

    def showing(self, rgb: NDArray[np.uint8]) -> FaceViews:
        """Other pictures (N, R, R, 3) of the same faces, with their masks."""
        return FaceViews(np.concatenate([rgb, self.pictures[..., 3:]], 3), self.points)

    def moved(self, points: NDArray[np.float32]) -> FaceViews:
        """The same pictures with other points (N, 68, 2)."""
        return FaceViews(self.pictures, points)

    def some(self, most: int) -> FaceViews:
        """At most `most` of them, evenly spread."""
        return self.at(_spread(np.arange(len(self)), most))


@dataclass(frozen=True, eq=False)
class PairData:
    """`sides`: the training faces of a and b. All others are unwarped views.

    `held_out` faces are the last of the source's time and never train; empty for a tiny set. `shown`: the previews',
    as many for a as for b, spread over the whole time (so mostly trained ones). `known`: of those that train, spread
    likewise. `yaw_degrees`: how far heads are turned that train, of each side.
    """

    sides: Mapping[str, TrainingFaces]
    held_out: Mapping[str, FaceViews]
    shown: Mapping[str, FaceViews]
    known: Mapping[str, FaceViews]
    yaw_degrees: Mapping[str, float]


def open_faces(folder: Path) -> FaceSet:
    """The face set in `folder`, or where it is called `x+y` and there is none, those of x and y together.

    Raises UserError where there is none, or nobody in it.
    """
    parts = [folder] if folder.is_dir() else [folder.with_name(name) for name in folder.name.split(TOGETHER)]
    faces = FaceSet.open(folder) if len(parts) == 1 else FaceSet.joined([FaceSet.open(part) for part in parts])
    if not len(faces):
        raise UserError(f"the face set {folder} holds no faces; extract a video that shows the face")
    return faces


def open_pair(
    folders: Mapping[str, Path],
    cache_folder: Path,
    view: tuple[int, float],
    validation_share: float,
    with_points: bool = False,
) -> PairData:
    """Open both face sets and cache their faces.

    Both sides hold faces out or none does: validation looks at the pair.

    Args:
        folders: The face set of each side.
        cache_folder: Where the caches lie, or are made.
        view: Side in px of the model's pictures, and the share of a crop's side that they show.
        validation_share: Share of each set, its last in time, that is held out, [0, 1).
        with_points: Whether the sides know their landmarks.

    Raises:
        UserError: A set is missing or empty, an image cannot be read, or the disk is full.
    """
    resolution, coverage = view
    sets = {side: open_faces(folder) for side, folder in folders.items()}
    for faces in sets.values():
        if len(faces) < FEW_FACES:
            log.warning(
                "%s holds %d face%s: the model will know few poses and expressions; some hundreds do well, from a "
                "minute or more of film (extract with every=1, take in more clips: video='clips/*.mp4')",
                faces.name,
                len(faces),
                "" if len(faces) == 1 else "s",
            )
    if not all(len(split_by_time(len(faces), validation_share)[1]) for faces in sets.values()):
        if validation_share:
            counts = " and ".join(f"{faces.name} {len(faces)}" for faces in sets.values())
            log.info("too few faces to hold some out (%s): all of them train, nothing is validated", counts)
        validation_share = 0

    sides, held_out, shown, known, yaw_degrees = {}, {}, {}, {}, {}
    for name, faces in sets.items():
        stored_px = max(record.size_px for record in faces.records)
        cache = cached_faces(faces, cache_folder, name, crop_px_for(resolution, coverage, stored_px))
        training, validation = split_by_time(len(faces), validation_share)
        sides[name] = TrainingFaces(cache, training, cached_points(faces, cache) if with_points else None)

        held_out[name] = _views(faces, cache, _spread(validation, MAX_VALIDATION_FACES), resolution, coverage)
        everything = np.resize(_spread(np.arange(len(faces)), PREVIEW_FACES), PREVIEW_FACES)  # a tiny set's repeat
        shown[name] = _views(faces, cache, everything, resolution, coverage)
        known[name] = _views(faces, cache, _spread(training, KNOWN_FACES), resolution, coverage)
        yaw_degrees[name] = yaw_limit_of([faces.records[i].points for i in _spread(training, FACES_FOR_YAW)])
    return PairData(sides, held_out, shown, known, yaw_degrees)


def yaw_limit_of(faces: Sequence[NDArray[np.float32]]) -> float:
    """Return the yaw in degrees, to either side, beyond which two of a hundred faces (68, 2) are turned.

    Training mirrors faces, so the sides count alike; the last two of a hundred may be slips of the landmarks.
    """
    return round(float(np.percentile([abs(head_pose(points).yaw) for points in faces], SEEN_PERCENT)), 1)


def _views(faces: FaceSet, cache: Path, indices: NDArray[np.int64], resolution: int, coverage: float) -> FaceViews:
    crops, grid = open_cache(cache), still(coverage)[None]
    pictures = [np.empty((0, resolution, resolution, 4), np.uint8)]
    points = [np.empty((0, 68, 2), np.float32)]
    for index in indices:
        record = faces.records[index]
        pictures.append(sample_cv2(crops[index], grid, resolution))
        to_view = view_of_crop(record.size_px, coverage, resolution)
        points.append(transform_points(to_view, record.crop_points)[None])
    return FaceViews(np.concatenate(pictures), np.concatenate(points))


def split_by_time(count: int, validation_share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices for training and validation of `count` faces in order of time: the last `validation_share` is held out.

    A block and not a random choice: the neighbours of a video frame are almost the same picture. Nothing is held out of
    fewer than 20 faces.
    """
    held = round(count * validation_share) if count >= MIN_FACES_TO_HOLD_OUT else 0
    return np.arange(count - held), np.arange(count - held, count)


def _spread(indices: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most `most` of them, evenly spread."""
    if len(indices) <= most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, most).round().astype(int)]
