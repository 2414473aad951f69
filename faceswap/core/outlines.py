"""Drawing of the convex outline of some landmarks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SHIFT_BITS = 4  # cv2 draws with this many fractional bits


def fill_outline(picture: NDArray[np.uint8], points: NDArray, value: int, margin_px: float = 0.0) -> None:
    """Fill the convex outline of points (K, 2), in pixels of a picture (H, W), with `value`; in place, to a 16th pixel.

    Args:
        margin_px: Widens it by a line of twice that thickness along the outline; 0: it stays as it is.
    """
    outline = np.round(cv2.convexHull(np.asarray(points, np.float32)) * 2**_SHIFT_BITS).astype(np.int32)
    cv2.fillConvexPoly(picture, outline, value, cv2.LINE_AA, _SHIFT_BITS)
    if margin_px:
        cv2.polylines(picture, [outline], True, value, max(1, round(2 * margin_px)), cv2.LINE_AA, _SHIFT_BITS)
