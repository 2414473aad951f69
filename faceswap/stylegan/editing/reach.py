"""What an edit may change in a photo: where, and whether pixels move or only take another colour.

A generator's directions leak: a smile darkens half a face, a beard bends the cheeks. Of a direction whose name says
what it is about, only that comes into the picture; of any other everything does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.shapes import MASK_PX
from faceswap.core.geometry import face_size, resizing, transform_points
from faceswap.stylegan.editing.edits import DirectionEdit
from faceswap.swap.data.face_mask import face_outline
from faceswap.utils.numbers import smoothstep

Region = Literal["head", "lower face", "eyes", "around the face"]
MARGIN = 0.25  # over which a region fades out, a share of the face's size
BROAD = 0.12  # sigma of what is light and not a feature, a share of the side
_LOWER_FACE = [*range(3, 14), *range(31, 36)]  # of the 68 points: jaw and the base of the nose
_EYES = [*range(17, 28), *range(36, 48), 29]  # brows, eyes and the bridge of the nose


@dataclass(frozen=True)
class Reach:
    """`moves`: pixels move with it; `light`: it may make whole parts of the face lighter or darker.

    `turns`: the head moves in one piece with what is around it, and takes no other colour.
    """

    region: Region = "head"
    moves: bool = True
    light: bool = True
    turns: bool = False


EVERYTHING = Reach()
REACHES = {
    "smile": Reach("lower face", light=False),
    "mouth_open": Reach("lower face", light=False),
    "beard": Reach("lower face", moves=False),
    "eyes_closed": Reach("eyes", light=False),
    "glasses": Reach("eyes", moves=False),
    "hair": Reach("around the face", moves=False),
    "skin": Reach(moves=False),
    "light": Reach(moves=False),
    "yaw": Reach(turns=True),
    "pitch": Reach(turns=True),
}


def reaches_of(edits: Sequence[DirectionEdit]) -> list[Reach]:
    """Return what each of the edits may change, by the names of their directions; one of no strength is none."""
    return [REACHES.get(edit.direction.name, EVERYTHING) for edit in edits if edit.first or edit.last]


def reach_alpha(reaches: Sequence[Reach], points: NDArray, size_px: int) -> NDArray[np.float32]:
    """Return 1 where any of the edits may change a view, falling smoothly to 0, (MASK_PX, MASK_PX).

    Args:
        points: (68, 2) in pixels of the view, which is size_px wide.
    """
    placed = transform_points(resizing(size_px, MASK_PX), points)
    alpha = np.zeros((MASK_PX, MASK_PX), np.float32)
    for region in {reach.region for reach in reaches}:
        alpha = np.maximum(alpha, _region(region, placed))
    return alpha


def without_light(change: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a change (R, R, 3) without what is broad in it: shades of whole cheeks."""
    return np.asarray(change - cv2.GaussianBlur(change, (0, 0), BROAD * len(change)), np.float32)


def _region(region: Region, points: NDArray) -> NDArray[np.float32]:
    fade_px = max(MARGIN * face_size(points), 1.0)
    if region == "head":
        return np.ones((MASK_PX, MASK_PX), np.float32)
    if region == "around the face":
        return 1 - _about(face_outline(points), 0.5 * fade_px)
    return _about(points[_LOWER_FACE if region == "lower face" else _EYES], fade_px)


def _about(points: NDArray, fade_px: float) -> NDArray[np.float32]:
    """Return 1 in the hull of points, falling to 0 over `fade_px`."""
    outside = np.ones((MASK_PX, MASK_PX), np.uint8)
    cv2.fillConvexPoly(outside, cv2.convexHull(np.round(points).astype(np.int32)), 0)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(1 - smoothstep(np.clip(distance / fade_px, 0, 1)), np.float32)
