"""The mask that the model has learned, held near the landmarks' outline."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.config import LearnedMaskConfig
from faceswap.compositing.masks.course import EdgeCourse
from faceswap.compositing.masks.shapes import BROW_ENDS, HullMask, face_size, polygon_alpha, ramp, to_mask_px
from faceswap.swap.data.face_mask import face_outline

BOUND_MARGIN = 0.08  # of the face's size: so far a learned mask may reach beyond the outline, fading

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LearnedMask(EdgeCourse, LearnedMaskConfig):
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
        edge = ramp(distance[1:-1, 1:-1] - 0.5, *self.edge_px(size))
        alpha = edge * np.clip(learned, 0, 1).astype(np.float32)
        return np.asarray(alpha * cv2.resize(self._bound(points, size_px), alpha.shape[::-1]), np.float32)

    def _bound(self, points: NDArray, size_px: int) -> NDArray[np.float32]:
        """Return 1 where there is face by the landmarks, and a margin around it, (MASK_PX, MASK_PX).

        Turned further than in training a model's mask smears over hair and background; in the poses that it knows it
        ends where it was taught to, at the outline itself.
        """
        scaled = to_mask_px(points, size_px)
        outline = face_outline(scaled, self.forehead + BOUND_MARGIN, BROW_ENDS)
        margin = BOUND_MARGIN * face_size(scaled)
        middle = outline.mean(0)
        away = outline - middle
        wider = middle + away * (1 + margin / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-3))
        return polygon_alpha(cv2.convexHull(wider.astype(np.float32))[:, 0], 0.0, margin)

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned.append(True)
            log.warning(text)
