"""Boxes (4,), x0, y0, x1, y1: whether two of them hold the same face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_OVERLAP = 0.3  # of a detection and a followed face that are one and the same
LARGEST_AREA_RATIO = 4.0  # a small face before a large one is another face, although its centre lies inside
CLOSE = 0.3  # two faces are beside each other when they are at most so many sides of the smaller one apart


def box_of(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tight box (4,) of points (68, 2)."""
    return np.concatenate([points.min(0), points.max(0)])


def same_place(a: NDArray, b: NDArray) -> bool:
    """Whether two boxes hold one face: they overlap, or one of like size has its centre in the other."""
    return common_share(a, b) >= LEAST_OVERLAP or (
        max(area(a), area(b)) <= LARGEST_AREA_RATIO * min(area(a), area(b)) and (_holds(a, b) or _holds(b, a))
    )


def area(box: NDArray) -> float:
    """Its area in pixels, 0 for one turned inside out."""
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


def common_share(a: NDArray, b: NDArray) -> float:
    """Intersection over union, in [0, 1]."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = float(max(width, 0) * max(height, 0))
    return common / max(area(a) + area(b) - common, 1e-9)


def _holds(box: NDArray, other: NDArray) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def are_close(a: NDArray, b: NDArray) -> bool:
    """Whether two boxes overlap or lie beside each other."""
    gap = max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])
    return bool(max(gap) < CLOSE * np.sqrt(min(area(a), area(b))))
