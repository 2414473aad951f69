"""Composite portraits: the average of many faces, each first brought to the mean shape.

Galton (1878) laid portraits over each other by their eyes; Wittgenstein had his sisters and himself photographed so and
saw what a family has in common without any one having it. Here all 68 points lie over each other.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.faces.errors import UserError
from faceswap.faces.values import AlignedFace

FEWEST = 2


def composite(faces: Iterable[AlignedFace], to_shape: bool = True) -> NDArray[np.uint8]:
    """The average (S, S, 3) uint8 RGB of aligned faces of one size, in linear light; `to_shape`: warped to the mean
    shape, as against laid over each other as aligned. Raises UserError for fewer than two.
    """
    faces = list(faces)
    if len(faces) < FEWEST:
        raise UserError(f"a composite portrait needs {FEWEST} faces or more, not {len(faces)}")
    shape = np.mean([face.points for face in faces], axis=0)
    total = np.zeros((faces[0].size_px, faces[0].size_px, 3), np.float64)
    for face in faces:
        image = warped_to(face.image, face.points, shape) if to_shape else face.image
        total += (image / 255.0) ** 2.2
    return np.round(255 * (total / len(faces)) ** (1 / 2.2)).astype(np.uint8)


def warped_to(image: NDArray[np.uint8], points: NDArray, wanted: NDArray) -> NDArray[np.uint8]:
    """A square picture (S, S, 3) with its `points` (N, 2) moved to the `wanted` places (N, 2), the border kept.

    Piecewise affine over the triangles of the wanted points.
    """
    size = image.shape[0]
    frame = _border(size)
    source, target = np.concatenate([points, frame]), np.concatenate([wanted, frame])
    target = np.clip(target, 0, size - 1)
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    map_x, map_y = x.copy(), y.copy()
    inside = np.zeros((size, size), np.uint8)
    for corners in triangles(target, size):
        three_to = target[corners].astype(np.float32)
        if abs(cv2.contourArea(three_to)) < 1e-3:
            continue
        matrix = cv2.getAffineTransform(three_to, source[corners].astype(np.float32))
        inside[:] = 0
        cv2.fillConvexPoly(inside, np.round(three_to * 16).astype(np.int32), 1, shift=4)
        here = inside.astype(bool)
        map_x[here] = matrix[0, 0] * x[here] + matrix[0, 1] * y[here] + matrix[0, 2]
        map_y[here] = matrix[1, 0] * x[here] + matrix[1, 1] * y[here] + matrix[1, 2]
    return np.asarray(cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def triangles(points: NDArray, size: int) -> NDArray[np.intp]:
    """Delaunay triangles (T, 3) of points (N, 2) within [0, size - 1], as places in the list."""
    plane = cv2.Subdiv2D((-1, -1, size + 2, size + 2))
    plane.insert([(float(x), float(y)) for x, y in points])
    corners = np.asarray(plane.getTriangleList()).reshape(-1, 3, 2)
    corners = corners[((corners >= -0.5) & (corners <= size - 0.5)).all((1, 2))]
    nearest = np.linalg.norm(corners[:, :, None] - points[None, None], axis=3)
    return nearest.argmin(2)


def _border(size: int) -> NDArray[np.float64]:
    """Eight points on the border: they stay where they are."""
    low, middle, high = 0, (size - 1) / 2, size - 1
    return np.array([(low, low), (middle, low), (high, low), (low, middle), (high, middle), (low, high),
                     (middle, high), (high, high)], np.float64)  # fmt: skip
