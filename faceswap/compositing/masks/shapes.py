"""Masks by the landmarks alone: `hull` and `box`.

Every mask is 0 at its own edge and at the view's border and
rises inwards over `feather`, so that the alpha never ends in a step. `erode` and `feather` are shares of the face's
size, the root of width x height of its 68 points.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.config import BoxMaskConfig, HullMaskConfig
from faceswap.compositing.masks.course import EdgeCourse
from faceswap.swap.data.face_mask import face_outline
from faceswap.utils.numbers import smoothstep

BROW_ENDS = 0.3  # how far a hull reaches beyond the outer ends of the brows, in lengths of the brow
MASK_PX = 128  # enough for polygons whose edge is a ramp; upsampled linearly into the frame
# Distances to the view's borders, see _lines.
VIEW_LINES = np.array([[1, 0, 0], [-1, 0, MASK_PX - 1], [0, 1, 0], [0, -1, MASK_PX - 1]], np.float32)


class HullMask(EdgeCourse, HullMaskConfig):
    """The convex hull of the landmarks, a little wider where the brows end."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        scaled = to_mask_px(points, size_px)
        outline = face_outline(scaled, self.forehead, BROW_ENDS)
        return polygon_alpha(outline, *self.edge_px(face_size(scaled)))


class BoxMask(EdgeCourse, BoxMaskConfig):
    """The upright rectangle around the hull."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        scaled = to_mask_px(points, size_px)
        outline = face_outline(scaled, self.forehead)
        (left, top), (right, bottom) = outline.min(0), outline.max(0)
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        return polygon_alpha(box, *self.edge_px(face_size(scaled)))


def face_size(points: NDArray) -> float:
    """Return the root of width x height of the points' box: the unit of `erode` and `feather`."""
    width, height = np.ptp(points, axis=0)
    return float(np.sqrt(max(width, 1e-3) * max(height, 1e-3)))


def to_mask_px(points: NDArray, size_px: int) -> NDArray[np.float32]:
    """Return points (68, 2) of a view of size_px in pixels of a mask of MASK_PX."""
    return ((np.asarray(points) + 0.5) * (MASK_PX / size_px) - 0.5).astype(np.float32)


def polygon_alpha(polygon: NDArray[np.float32], erode_px: float, feather_px: float) -> NDArray[np.float32]:
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
    alpha[top:bottom, left:right] = ramp(distance, erode_px, feather_px)
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


def ramp(distance_px: NDArray, erode_px: float, feather_px: float) -> NDArray[np.float32]:
    """Return 0 up to `erode_px` inside the edge, then a smooth step to 1 over `feather_px` (at least one pixel)."""
    t = (distance_px - np.float32(erode_px)) * np.float32(1 / max(feather_px, 1.0))
    np.clip(t, 0, 1, out=t)
    return smoothstep(t)


def border_ramp(side: int, feather: float, erode: float = 0.0) -> NDArray[np.float32]:
    """Return 1 in a view, falling to 0 at its border, (side, side); `feather` and `erode` are shares of the side."""
    from_border = np.minimum(np.arange(side), np.arange(side)[::-1]).astype(np.float32) / side
    edge = smoothstep(np.clip((from_border - erode) / max(feather, 1 / side), 0, 1))
    return np.asarray(edge[:, None] * edge[None], np.float32)
