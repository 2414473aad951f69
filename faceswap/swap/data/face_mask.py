"""The face's outline from its 68 points: convex hull of jaw and brows, carried up over the forehead."""

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import BROWS, EYE_LEFT, EYE_RIGHT, JAW
from faceswap.core.outlines import fill_outline
from faceswap.swap.data.config import FOREHEAD


def face_outline(
    points: NDArray[np.float32], forehead: float = FOREHEAD, brow_ends: float = 0.0
) -> NDArray[np.float32]:
    """The closed convex outline (K, 2) of a face with 68 points (68, 2), forehead included, in the points' space.

    `brow_ends` > 0 carries it outwards over the outer ends of the brows, in lengths of each brow as it is seen: the
    hair of a brow reaches beyond its last point, and a mask fades just there.
    """
    brows = points[BROWS]
    eyes = np.concatenate([points[EYE_RIGHT], points[EYE_LEFT]]).mean(0)
    up = brows.mean(0) - eyes
    dome = np.sin(np.linspace(0.15, 0.85, len(brows)) * np.pi)[:, None]  # a forehead is round: less at the temples
    edge = np.concatenate([points[JAW], brows, brows + forehead * dome * up])
    if brow_ends:
        half = len(brows) // 2
        outwards = brow_ends * np.stack([brows[0] - brows[half - 1], brows[-1] - brows[half]])
        ends = brows[[0, -1]] + outwards
        edge = np.concatenate([edge, ends, ends + 0.5 * forehead * up])
    return cv2.convexHull(edge.astype(np.float32))[:, 0].astype(np.float32, copy=False)


def hull_mask(points: NDArray[np.float32], size_px: int) -> NDArray[np.uint8]:
    """(size_px, size_px) uint8, 255 inside the outline of the points (68, 2), which are in pixels of that picture."""
    mask = np.zeros((size_px, size_px), np.uint8)
    fill_outline(mask, face_outline(points), 255)
    return mask
