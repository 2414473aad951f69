"""Where skin is in a view: what colours are measured on. Lips, eyes and brows differ by make-up, not by light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import BROW_LEFT, BROW_RIGHT, EYE_LEFT, EYE_RIGHT, MOUTH
from faceswap.core.outlines import fill_outline

# Shares of the face's size, the root of width x height of its points, by which a part is widened.
EYE_MARGIN, MOUTH_MARGIN, BROW_MARGIN = 0.05, 0.035, 0.04


def skin_weights(points: NDArray, size_px: int, out_px: int) -> NDArray[np.float32]:
    """Return (out_px, out_px) in [0, 1]: 0 on lips, eyes and brows of a face, 1 everywhere else.

    Args:
        points: (68, 2) in pixels of the view.
        size_px: The view's side.
        out_px: Side of the result, which covers the same view.
    """
    seen = (np.asarray(points, np.float64) + 0.5) * (out_px / size_px) - 0.5
    width, height = seen.max(0) - seen.min(0)
    face_px = float(np.sqrt(max(width, 1e-6) * max(height, 1e-6)))
    skin = np.full((out_px, out_px), 255, np.uint8)
    for part, margin in (
        (EYE_RIGHT, EYE_MARGIN),
        (EYE_LEFT, EYE_MARGIN),
        (MOUTH, MOUTH_MARGIN),
        (BROW_RIGHT, BROW_MARGIN),
        (BROW_LEFT, BROW_MARGIN),
    ):
        fill_outline(skin, seen[part], 0, margin * face_px)
    return skin.astype(np.float32) * np.float32(1 / 255)
