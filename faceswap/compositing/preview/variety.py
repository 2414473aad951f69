"""The choice of a few frames of a film whose faces differ most in pose, size and light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.face_sources.face_source import TargetFace
from faceswap.core.boxes import box_of
from faceswap.core.geometry import face_size, head_pose
from faceswap.core.values import Frame

# What counts as one step of difference: degrees of yaw, of pitch and of roll, doublings of size, grey levels.
STEPS = np.array([20.0, 15.0, 20.0, 0.7, 30.0])


def appearance(frame: Frame, faces: Sequence[TargetFace]) -> NDArray[np.float64]:
    """Return how the largest face of a frame looks: yaw, pitch, roll, size and light in steps of difference (5,)."""
    points = max((face.points for face in faces), key=face_size)
    pose = head_pose(points)
    left, top, right, bottom = box_of(points).astype(int)
    part = frame.image[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
    light = float(part.mean()) if part.size else 0.0
    looks = np.array([pose.yaw, pose.pitch, pose.roll, np.log2(max(face_size(points), 1e-3)), light])
    return np.nan_to_num(looks) / STEPS


def most_varied(looks: NDArray[np.float64], count: int) -> list[int]:
    """Return the rows, ascending, of which each lies as far as can be from those before; the first is the usual look.

    Args:
        looks: (N, D), distances in which mean something.
        count: How many; all where there are no more.
    """
    first = int(np.linalg.norm(looks - np.median(looks, axis=0), axis=1).argmin())
    chosen, distance = [first], np.linalg.norm(looks - looks[first], axis=1)
    while len(chosen) < min(count, len(looks)):
        distance[chosen] = -1  # of equal looks each row is taken once
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(looks - looks[chosen[-1]], axis=1))
    return sorted(chosen)
