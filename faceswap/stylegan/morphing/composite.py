"""Composite portraits: the average of many faces, each first warped to the mean shape.

Galton (1878) laid portraits over each other by their eyes; Wittgenstein had his sisters and himself photographed so and
saw what a family has in common without any one having it. Here all 68 points lie over each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import AlignedFace
from faceswap.utils.errors import UserError
from faceswap.utils.limits import KEPT_PICTURES_BYTES, check_size

FEWEST = 2


def composite(faces: Iterable[AlignedFace], to_shape: bool = True) -> NDArray[np.uint8]:
    """Return the average (S, S, 3) uint8 RGB of aligned faces of one size, in linear light.

    Args:
        to_shape: Warped to the mean shape, as against laid over each other as aligned.

    Raises:
        UserError: For fewer than two.
    """
    faces = list(_kept(faces))
    if len(faces) < FEWEST:
        raise UserError(f"a composite portrait needs {FEWEST} faces or more, not {len(faces)}")
    shape = np.mean([face.points for face in faces], axis=0)
    total = np.zeros((faces[0].size_px, faces[0].size_px, 3), np.float64)
    for face in faces:
        image = warped_to(face.image, face.points, shape) if to_shape else face.image
        total += (image / 255.0) ** 2.2
    return np.round(255 * (total / len(faces)) ** (1 / 2.2)).astype(np.uint8)


def _kept(faces: Iterable[AlignedFace]) -> Iterator[AlignedFace]:
    """Yield the faces, all of which are kept until their mean shape is known: as many as fit into memory."""
    for count, face in enumerate(faces, 1):
        check_size(f"{count} faces of {face.size_px} px", count * face.image.nbytes, KEPT_PICTURES_BYTES)
        yield face


def warped_to(image: NDArray[np.uint8], points: NDArray, wanted: NDArray) -> NDArray[np.uint8]:
    """Return a square picture (S, S, 3) with its `points` (N, 2) moved to the `wanted` places (N, 2), the border kept.

    Piecewise affine over the triangles of the wanted points.
    """
    x, y = np.moveaxis(moved_places(points, wanted, image.shape[0]), 2, 0)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def moved_places(points: NDArray, wanted: NDArray, size: int) -> NDArray[np.float32]:
    """Return where each pixel of `warped_to` comes from: x, y in the picture's own pixels, (S, S, 2)."""
    frame = _border(size)
    source, target = np.concatenate([points, frame]), np.concatenate([wanted, frame])
    target = np.clip(target, 0, size - 1)
    x, y = np.meshgrid(np.arange(size, dtype=np.float64), np.arange(size, dtype=np.float64))
    map_x, map_y = x.astype(np.float32), y.astype(np.float32)
    for corners in triangles(target, size):
        three = target[corners]
        if abs(cv2.contourArea(three.astype(np.float32))) < 1e-3:
            continue
        low, high = np.floor(three.min(0)).astype(int), np.ceil(three.max(0)).astype(int) + 1
        box = (slice(low[1], high[1]), slice(low[0], high[0]))
        # barycentric coordinates: not negative inside, to the exact pixel; a polygon's fill takes its neighbours' edges
        shares = np.linalg.solve(
            np.vstack([three.T, np.ones(3)]), np.stack([x[box], y[box], np.ones_like(x[box])]).reshape(3, -1)
        )
        shares = shares.reshape(3, *x[box].shape)
        here = (shares >= -1e-9).all(0)
        map_x[box][here], map_y[box][here] = np.einsum("kn,kc->cn", shares[:, here], source[corners])
    return np.stack([map_x, map_y], 2)


def triangles(points: NDArray, size: int) -> NDArray[np.intp]:
    """Return Delaunay triangles (T, 3) of points (N, 2) within [0, size - 1], as places in the list."""
    plane = cv2.Subdiv2D((-1, -1, size + 2, size + 2))
    plane.insert([(float(x), float(y)) for x, y in points])
    corners = np.asarray(plane.getTriangleList()).reshape(-1, 3, 2)
    corners = corners[((corners >= -0.5) & (corners <= size - 0.5)).all((1, 2))]
    nearest = np.linalg.norm(corners[:, :, None] - points[None, None], axis=3)
    return nearest.argmin(2)


def _border(size: int) -> NDArray[np.float64]:
    """Return eight points on the border: they stay where they are."""
    low, middle, high = 0, (size - 1) / 2, size - 1
    return np.array([(low, low), (middle, low), (high, low), (low, middle), (high, middle), (low, high),
                     (middle, high), (high, high)], np.float64)  # fmt: skip
