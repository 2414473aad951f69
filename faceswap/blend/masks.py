"""Which part of the model's view is pasted: `hull`, `learned` and `box` masks.

A mask is an alpha over the square view that the model sees, (M, M) float32 in [0, 1]; M need not be the model's
resolution, both squares cover the same part of the frame. Every mask is 0 at its own edge and at the view's border and
rises inwards over `feather`, so that the alpha never ends in a step. `erode` and `feather` are shares of the face's
size, the root of width x height of its 68 points.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.swap.face_mask import FOREHEAD, face_outline

MASK_PX = 128  # enough for polygons whose edge is a ramp; upsampled linearly into the frame

log = logging.getLogger(__name__)


class Mask(Protocol):
    """What the compositor asks of a mask."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """The alpha (M, M) of a face with `points` (68, 2) in a view of size_px; `learned`: the model's (R, R)."""
        ...


@dataclass(frozen=True)
class HullMask:
    """The convex hull of the landmarks; `forehead` raises it above the brows, in distances from eyes to brows."""

    erode: float = 0.0
    feather: float = 0.12
    forehead: float = FOREHEAD

    def __post_init__(self) -> None:
        _check_edge(self.erode, self.feather)
        _check_forehead(self.forehead)

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        scaled = _to_mask_px(points, size_px)
        size = face_size(scaled)
        return _polygon_alpha(face_outline(scaled, self.forehead), self.erode * size, self.feather * size)


@dataclass(frozen=True)
class BoxMask:
    """The upright rectangle around the hull."""

    erode: float = 0.0
    feather: float = 0.15
    forehead: float = FOREHEAD

    def __post_init__(self) -> None:
        _check_edge(self.erode, self.feather)
        _check_forehead(self.forehead)

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        scaled = _to_mask_px(points, size_px)
        outline = face_outline(scaled, self.forehead)
        (left, top), (right, bottom) = outline.min(0), outline.max(0)
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        size = face_size(scaled)
        return _polygon_alpha(box, self.erode * size, self.feather * size)


@dataclass(frozen=True)
class LearnedMask:
    """The mask that the model has learned; where a model has none, the hull with one warning."""

    erode: float = 0.0
    feather: float = 0.08
    forehead: float = FOREHEAD  # of the hull that stands in
    _warned: list[bool] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_edge(self.erode, self.feather)
        _check_forehead(self.forehead)

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        if learned is None:
            if not self._warned:
                self._warned.append(True)
                log.warning("the model has learned no mask: the hull of the landmarks is used instead (mask=hull)")
            return HullMask(self.erode, self.feather, self.forehead).alpha(points, size_px, None)
        inside = (learned >= 0.5).astype(np.uint8)
        # The view ends where nothing was seen: a border of zeros makes its edge an edge of the mask too.
        distance = cv2.distanceTransform(cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)
        size = face_size(points) * learned.shape[0] / size_px
        edge = _ramp(distance[1:-1, 1:-1] - 0.5, self.erode * size, self.feather * size)
        return edge * np.clip(learned, 0, 1).astype(np.float32)


def face_size(points: NDArray) -> float:
    """The root of width x height of the points' box: the unit of `erode` and `feather`."""
    width, height = np.ptp(points, axis=0)
    return float(np.sqrt(max(width, 1e-3) * max(height, 1e-3)))


def _check_edge(erode: float, feather: float) -> None:
    for name, value in (("erode", erode), ("feather", feather)):
        if not 0 <= value <= 0.5:
            raise ValueError(f"mask.{name} is a share of the face's size between 0 and 0.5, not {value}")


def _check_forehead(forehead: float) -> None:
    if not 0 <= forehead <= 4:
        raise ValueError(f"mask.forehead counts distances from eyes to brows, between 0 and 4, not {forehead}")


def _to_mask_px(points: NDArray, size_px: int) -> NDArray[np.float32]:
    return ((np.asarray(points) + 0.5) * (MASK_PX / size_px) - 0.5).astype(np.float32)


def _polygon_alpha(polygon: NDArray[np.float32], erode_px: float, feather_px: float) -> NDArray[np.float32]:
    """The ramp inside a convex polygon (K, 2), cut to the view.

    Within a convex polygon the distance to its edge is the least of the distances to its sides' lines: exact to a
    fraction of a pixel, so the edge does not hop from pixel to pixel when the landmarks move.
    """
    if cv2.contourArea(polygon) < 1:  # points on one spot or line
        return np.zeros((MASK_PX, MASK_PX), np.float32)
    x = np.arange(MASK_PX, dtype=np.float32)
    to_border = np.minimum(x, MASK_PX - 1 - x)
    distance = np.minimum(to_border[None, :], to_border[:, None])
    centre = polygon.mean(0)
    for start, side in zip(polygon, np.roll(polygon, -1, 0) - polygon, strict=True):
        length = np.hypot(*side)
        if length < 1e-3:
            continue
        normal = np.array([-side[1], side[0]]) / length
        offset = normal @ start
        if normal @ centre < offset:
            normal, offset = -normal, -offset
        line = (normal[0] * x)[None, :] + (normal[1] * x - offset)[:, None]
        np.minimum(distance, line, out=distance)
    return _ramp(distance, erode_px, feather_px)


def _ramp(distance_px: NDArray, erode_px: float, feather_px: float) -> NDArray[np.float32]:
    """0 up to `erode_px` inside the edge, then a smooth step over `feather_px` (at least a pixel against stairs)."""
    t = np.clip((distance_px - erode_px) / max(feather_px, 1.0), 0, 1).astype(np.float32)
    return t * t * (3 - 2 * t)
