"""Where eyes and mouth lie in a picture that training shows: small, and all that anybody looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import EYE_LEFT, EYE_RIGHT, MOUTH
from faceswap.core.outlines import fill_outline

EYE_MARGIN, MOUTH_MARGIN = 1.7, 1.25  # outlines are widened about their middle: lids and lashes belong to an eye


def regions_in_view(points: NDArray[np.float32], grid: NDArray[np.float32], resolution_px: int) -> NDArray[np.uint8]:
    """(R, R, 2) uint8 of one face, 255 on the eyes and on the mouth.

    `points` (68, 2): in shares of the crop's side. `grid` (5, 5, 2): the target's control grid (warp.py), which is an
    affine image of the view, so that its corners say where the points lie there.
    """
    origin = grid[0, 0].astype(np.float64)
    view_to_crop = np.stack([grid[0, -1] - origin, grid[-1, 0] - origin], 1)
    seen = np.linalg.solve(view_to_crop, (points - origin).T).T * resolution_px - 0.5
    maps = [np.zeros((resolution_px, resolution_px), np.uint8) for _ in range(2)]
    for part, margin, drawn in ((EYE_RIGHT, EYE_MARGIN, 0), (EYE_LEFT, EYE_MARGIN, 0), (MOUTH, MOUTH_MARGIN, 1)):
        middle = seen[part].mean(0)
        fill_outline(maps[drawn], middle + margin * (seen[part] - middle), 255)
    return np.stack(maps, -1)
