"""Verification of detected faces by the parser: whether it sees a face between the landmarks.

Readers of points are easily fooled by clasped hands and curtains; a parser that has learned hands, hair and clothes
as things of their own is not fooled by the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import transform_points
from faceswap.core.landmarks import INNER
from faceswap.facenets.parser import FACE, RESOLUTION_PX, FaceParser

NO_FACE, WHOLE_FACE = 0.4, 0.85  # share of face between the points: hands and walls below, even half hidden ones above


class FaceCheck:
    """Sees how much face there is; `parser` replaces the pretrained one. Loads its weights at the first face."""

    def __init__(self, device: str = "auto", parser: FaceParser | None = None) -> None:
        self._parser = parser or FaceParser(device)

    def faceness(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return (n,) in [0, 1] for n faces: 1 where the parser sees face between the inner points, 0 where hardly any.

        Args:
            images: The picture (H, W, 3) uint8 RGB of each face.
            points: Its (68, 2) in that picture's pixels.

        Raises:
            ValueError: For points that coincide.
        """
        classes, frame_to_view = self._parser.parse(images, points)
        shares = [
            _share(parsed[list(FACE)].sum(0), transform_points(matrix, face[INNER]))
            for parsed, matrix, face in zip(classes, frame_to_view, points, strict=True)
        ]
        return np.clip((np.array(shares, np.float32) - NO_FACE) / (WHOLE_FACE - NO_FACE), 0, 1)


def _share(face: NDArray[np.float32], points: NDArray) -> float:
    """Return the mean of `face` (S, S) inside the hull of points (n, 2), pixels of it.

    0 where nothing of it is in view.
    """
    inside = np.zeros((RESOLUTION_PX, RESOLUTION_PX), np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(points.astype(np.float32)).round().astype(np.int32), 1)
    return float(face[inside > 0].mean()) if inside.any() else 0.0
