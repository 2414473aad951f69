"""Followed faces: their certainty, duplicates among them, and implausible jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.boxes import box_area, box_of, iou, same_place
from faceswap.core.exact import packed_array, unpacked_array
from faceswap.core.values import POINT_COUNT, Face, Frame

if TYPE_CHECKING:
    from faceswap.facenets.landmarks import LandmarkPrediction

DOUBLE_DISTANCE = 0.2  # mean distance of two readings' points, in sides of the face, below which they are one face
SURE_SPREAD = 0.018  # expected error of a real face's points at most; beyond it a reading is less and less certain
FALLEN = 0.7  # a certainty below this share of the face's usual one is a reason to look again
LARGEST_GROWTH, LARGEST_SHIFT = 1.3, 0.5  # of a face's side from one frame to the next: more is a reason too
EMBED_EVERY, EMBED_EVERY_CLOSE = 25, 3  # frames after which a face is recognised anew, alone and beside another
CHECK_EVERY, SURE = 25, 0.8  # frames after which a face is checked anew; one less certain than SURE: every time


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """A face in the last frame: `prediction`, its usual certainty, how many searches missed it, frames since embedded.

    `faceness` in [0, 1]: what the last check said of it; `since_checked`: frames since then.
    """

    prediction: LandmarkPrediction
    usual: float
    missed: int = 0
    since_embedded: int = EMBED_EVERY
    faceness: float = 1.0
    since_checked: int = CHECK_EVERY

    def to_plain(self) -> dict[str, Any]:
        """Return the face as plain values that restore it to the last bit."""
        prediction = self.prediction
        return {
            "points": packed_array(prediction.points),
            "visible": packed_array(prediction.visible),
            "score": prediction.score,
            "spread": prediction.spread,
            "usual": self.usual,
            "missed": self.missed,
            "faceness": self.faceness,
            "since_embedded": self.since_embedded,
            "since_checked": self.since_checked,
        }

    @classmethod
    def from_plain(cls, value: Any) -> TrackedFace:
        """Return what `to_plain` gave. Raises ValueError, KeyError or TypeError for anything else."""
        from faceswap.facenets.landmarks import LandmarkPrediction

        points, visible = (
            unpacked_array(value["points"], (POINT_COUNT, 2)),
            unpacked_array(value["visible"], (POINT_COUNT,)),
        )
        prediction = LandmarkPrediction(points, visible, float(value["score"]), float(value["spread"]))
        return cls(
            prediction,
            float(value["usual"]),
            int(value["missed"]),
            int(value["since_embedded"]),
            float(value["faceness"]),
            int(value["since_checked"]),
        )

    @property
    def box(self) -> NDArray[np.float32]:
        return box_of(self.prediction.points)

    @property
    def certainty(self) -> float:
        return certainty(self.prediction) * self.faceness


def certainty(prediction: LandmarkPrediction) -> float:
    """Return how sure a reading is, in [0, 1].

    What is no face is often called one, but its points are then known badly.
    """
    return float(np.clip(prediction.score * min(1.0, SURE_SPREAD / max(prediction.spread, 1e-6)) ** 2, 0, 1))


def without_doubles(faces: Sequence[TrackedFace]) -> list[TrackedFace]:
    """Return one of those that lie point on point: the one that detections confirm, then the surer one."""
    kept: list[TrackedFace] = []
    for seen in sorted(faces, key=lambda seen: (seen.missed, -certainty(seen.prediction))):
        side = float(np.sqrt(max(box_area(seen.box), 1e-6)))
        if all(
            np.linalg.norm(seen.prediction.points - other.prediction.points, axis=1).mean() > DOUBLE_DISTANCE * side
            for other in kept
        ):
            kept.append(seen)
    return [seen for seen in faces if any(seen is other for other in kept)]  # in the order they came


def partners_among(boxes: Sequence[NDArray], detections: NDArray) -> dict[int, int]:
    """Return which detection belongs to which box, each used once, the closest first."""
    ranked = sorted(
        (-iou(box, found), i, j)
        for i, box in enumerate(boxes)
        for j, found in enumerate(detections)
        if same_place(box, found)
    )
    paired: dict[int, int] = {}
    for _, i, j in ranked:
        if i not in paired and j not in paired.values():
            paired[i] = j
    return paired


def is_whole(points: NDArray, frame: Frame) -> bool:
    """Return whether points (68, 2) are no scrap and have their middle in the picture."""
    if not np.isfinite(points).all() or np.ptp(points, axis=0).min() <= 2 or np.abs(points).max() > 1e5:
        return False
    x, y = points.mean(0)
    return bool(-0.5 <= x <= frame.width - 0.5 and -0.5 <= y <= frame.height - 0.5)


def is_jump(before: TrackedFace, now: LandmarkPrediction) -> bool:
    """Return whether a face changed more from one frame to the next than faces do."""
    old, new = before.box, box_of(now.points)
    old_side, new_side = np.sqrt(box_area(old)), np.sqrt(box_area(new))
    shift = np.abs(old[:2] + old[2:] - new[:2] - new[2:]).max() / 2
    grown = max(old_side, new_side) > LARGEST_GROWTH * min(old_side, new_side)
    return bool(grown or shift > LARGEST_SHIFT * old_side or certainty(now) < FALLEN * before.usual)


def as_face(seen: TrackedFace, embedding: NDArray[np.float32] | None) -> Face:
    """Return what the finder gives of it."""
    visible = np.clip(seen.prediction.visible, 0, 1)
    return Face(seen.box, seen.prediction.points, seen.certainty, embedding=embedding, visible=visible)
