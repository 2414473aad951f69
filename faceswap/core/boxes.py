"""Boxes (4,), x0, y0, x1, y1 in pixels: areas, intersection over union, and whether two of them hold one face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_OVERLAP = 0.3  # IoU of a detection and a followed face that are one and the same
LARGEST_AREA_RATIO = 4.0  # a small face in front of a large one is another face, although its centre lies inside
CLOSE = 0.3  # two faces are beside each other when they are at most so many sides of the smaller one apart


def box_of(points: NDArray) -> NDArray:
    """Return the tight box (4,) of points (N, 2)."""
    return np.concatenate([points.min(0), points.max(0)])


def box_area(box: NDArray) -> float:
    """Return the area of a box in square pixels, 0 where its corners are swapped."""
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


def box_areas(boxes: NDArray) -> NDArray:
    """Return the areas (N,) of boxes (N, 4 or more columns), 0 where corners are swapped."""
    return np.clip(boxes[:, 2:4] - boxes[:, :2], 0, None).prod(1)


def intersections(boxes: NDArray, others: NDArray) -> NDArray:
    """Return the common areas (N, M) of boxes (N, 4 or more columns) and others (M, 4 or more columns)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:4], others[None, :, 2:4])
    return np.clip(high - low, 0, None).prod(2)


def pairwise_iou(boxes: NDArray, others: NDArray) -> NDArray:
    """Return the intersection over union (N, M), in [0, 1], of boxes (N, 4+) and others (M, 4+)."""
    common = intersections(boxes, others)
    return common / np.maximum(box_areas(boxes)[:, None] + box_areas(others)[None] - common, 1e-9)


def iou(a: NDArray, b: NDArray) -> float:
    """Return the intersection over union of two boxes, in [0, 1]."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = float(max(width, 0) * max(height, 0))
    return common / max(box_area(a) + box_area(b) - common, 1e-9)


def same_place(a: NDArray, b: NDArray) -> bool:
    """Return whether two boxes hold one face: they overlap, or one of like size has its centre in the other."""
    if iou(a, b) >= LEAST_OVERLAP:
        return True
    small, large = sorted((box_area(a), box_area(b)))
    return large <= LARGEST_AREA_RATIO * small and (_holds_centre(a, b) or _holds_centre(b, a))


def are_close(a: NDArray, b: NDArray) -> bool:
    """Return whether two boxes overlap or lie beside each other."""
    gap = max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])
    return bool(max(gap) < CLOSE * np.sqrt(min(box_area(a), box_area(b))))


def _holds_centre(box: NDArray, other: NDArray) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])
