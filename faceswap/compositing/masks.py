"""Masks of the part of the model's view that is pasted: `hull`, `learned` and `box`.

A mask is an alpha over the square view that the model sees, (M, M) float32 in [0, 1]; M need not be the model's
resolution, both squares cover the same part of the frame. Every mask is 0 at its own edge and at the view's border and
rises inwards over `feather`, so that the alpha never ends in a step. `erode` and `feather` are shares of the face's
size, the root of width x height of its 68 points.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.config import BoxMaskConfig, HullMaskConfig, LearnedMaskConfig
from faceswap.swap.data.face_mask import face_outline
from faceswap.utils.numbers import smoothstep

BROW_ENDS = 0.3  # how far a hull reaches beyond the outer ends of the brows, in lengths of the brow
BOUND_MARGIN = 0.08  # of the face's size: so far a learned mask may reach beyond the outline, fading
MASK_PX = 128  # enough for polygons whose edge is a ramp; upsampled linearly into the frame
# Distances to the view's borders, see _lines.
VIEW_LINES = np.array([[1, 0, 0], [-1, 0, MASK_PX - 1], [0, 1, 0], [0, -1, MASK_PX - 1]], np.float32)

log = logging.getLogger(__name__)


class Mask(Protocol):
    """What the compositor asks of a mask."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return the alpha (M, M) of a face with `points` (68, 2) in a view of size_px.

        Args:
            learned: The model's (R, R).
        """
        ...


class HullMask(HullMaskConfig):
    """The convex hull of the landmarks, a little wider where the brows end."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        scaled = _to_mask_px(points, size_px)
        size = face_size(scaled)
        outline = face_outline(scaled, self.forehead, BROW_ENDS)
        return _polygon_alpha(outline, self.erode * size, self.feather * size)


class BoxMask(BoxMaskConfig):
    """The upright rectangle around the hull."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        scaled = _to_mask_px(points, size_px)
        outline = face_outline(scaled, self.forehead)
        (left, top), (right, bottom) = outline.min(0), outline.max(0)
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        size = face_size(scaled)
        return _polygon_alpha(box, self.erode * size, self.feather * size)


@dataclass(frozen=True)
class LearnedMask(LearnedMaskConfig):
    """The mask that the model has learned; where it has none, the hull (`forehead` is the hull's) with one warning."""

    _warned: list[bool] = field(default_factory=list, init=False, repr=False, compare=False)

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        if learned is None:
            self._warn("the model has learned no mask: the hull of the landmarks is used instead (mask=hull)")
            return HullMask(self.erode, self.feather, self.forehead).alpha(points, size_px, None)
        inside = (learned >= 0.5).astype(np.uint8)
        if not inside.any():  # nothing would be replaced, and nobody would be told
            self._warn("the model's own mask is empty in some frames: the hull of the landmarks is used there")
            return HullMask(self.erode, self.feather, self.forehead).alpha(points, size_px, None)
        # The view ends where nothing was seen: a border of zeros makes its edge an edge of the mask too.
        distance = cv2.distanceTransform(cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)
        size = face_size(points) * learned.shape[0] / size_px
        edge = _ramp(distance[1:-1, 1:-1] - 0.5, self.erode * size, self.feather * size)
        alpha = edge * np.clip(learned, 0, 1).astype(np.float32)
        return np.asarray(alpha * cv2.resize(self._bound(points, size_px), alpha.shape[::-1]), np.float32)

    def _bound(self, points: NDArray, size_px: int) -> NDArray[np.float32]:
        """Return 1 where there is face by the landmarks, and a margin around it, (MASK_PX, MASK_PX).

        Turned further than in training a model's mask smears over hair and background; in the poses that it knows it
        ends where it was taught to, at the outline itself.
        """
        scaled = _to_mask_px(points, size_px)
        outline = face_outline(scaled, self.forehead + BOUND_MARGIN, BROW_ENDS)
        margin = BOUND_MARGIN * face_size(scaled)
        middle = outline.mean(0)
        away = outline - middle
        wider = middle + away * (1 + margin / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-3))
        return _polygon_alpha(cv2.convexHull(wider.astype(np.float32))[:, 0], 0.0, margin)

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned.append(True)
            log.warning(text)


def face_size(points: NDArray) -> float:
    """Return the root of width x height of the points' box: the unit of `erode` and `feather`."""
    width, height = np.ptp(points, axis=0)
    return float(np.sqrt(max(width, 1e-3) * max(height, 1e-3)))


def _to_mask_px(points: NDArray, size_px: int) -> NDArray[np.float32]:
    return ((np.asarray(points) + 0.5) * (MASK_PX / size_px) - 0.5).astype(np.float32)


def _polygon_alpha(polygon: NDArray[np.float32], erode_px: float, feather_px: float) -> NDArray[np.float32]:
    """Return the ramp inside a convex polygon (K, 2), clockwise on the screen and cut to the view.

    Within a convex polygon the distance to its edge is the least of the distances to its sides' lines: exact to a
    fraction of a pixel, so the edge does not hop from pixel to pixel when the landmarks move.
    """
    alpha = np.zeros((MASK_PX, MASK_PX), np.float32)
    left, top = (max(0, math.floor(low)) for low in polygon.min(0))
    right, bottom = (min(MASK_PX, math.ceil(high) + 1) for high in polygon.max(0))
    if cv2.contourArea(polygon) < 1 or right <= left or bottom <= top:  # points on one spot or line; out of the view
        return alpha
    pixels = np.ones((3, bottom - top, right - left), np.float32)  # x, y, 1 of each that the polygon can reach
    pixels[0] = np.arange(left, right)
    pixels[1] = np.arange(top, bottom)[:, None]
    distances = np.concatenate([_lines(polygon), VIEW_LINES]) @ pixels.reshape(3, -1)
    distance = distances.min(0).reshape(pixels.shape[1:])
    alpha[top:bottom, left:right] = _ramp(distance, erode_px, feather_px)
    return alpha


def _lines(polygon: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the lines (K, 3) of a clockwise polygon's sides.

    Line @ (x, y, 1) is the distance in px, positive inside.
    """
    x, y = polygon.T
    along_x, along_y = (polygon[np.arange(1, len(polygon) + 1) % len(polygon)] - polygon).T
    length = np.hypot(along_x, along_y)
    lines = np.array([-along_y, along_x, along_y * x - along_x * y]) / np.maximum(length, 1e-9)
    return lines[:, length > 1e-3].T


def _ramp(distance_px: NDArray, erode_px: float, feather_px: float) -> NDArray[np.float32]:
    """Return 0 up to `erode_px` inside the edge, then a smooth step to 1 over `feather_px` (at least one pixel)."""
    t = (distance_px - np.float32(erode_px)) * np.float32(1 / max(feather_px, 1.0))
    np.clip(t, 0, 1, out=t)
    return smoothstep(t)
