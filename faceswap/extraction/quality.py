"""Sharpness of faces."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_FACE_PX = 128  # the face's own part of the crop is measured at this width, whatever the crop's size
_FACE_PART = 0.6
_SHARPEST = 0.5  # what the best lit and focused faces reach before scaling


def sharpness(crop: NDArray[np.uint8]) -> float:
    """Return the sharpness of an aligned crop (S, S, 3), in [0, 1], 1 = sharp.

    How much of its variation a blur takes away.

    One minus the blur metric of Crete et al., "The blur effect" (2007), scaled so that good photos reach 0.7 to 1;
    faces out of focus lie near 0.2. Being a ratio it does not depend on contrast or brightness; measured on the face
    at one fixed size it does not depend on the crop's size, and a face that was small in its frame counts as the
    blurred thing it is. A flat picture gives 0.
    """
    margin = round(crop.shape[0] * (1 - _FACE_PART) / 2)
    face = cv2.cvtColor(crop[margin : crop.shape[0] - margin, margin : crop.shape[1] - margin], cv2.COLOR_RGB2GRAY)
    shrinks = face.shape[0] > _FACE_PX
    face = cv2.resize(face, (_FACE_PX, _FACE_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    # Noise and the steps of 8-bit values count as detail otherwise, the more the flatter the picture.
    picture = cv2.GaussianBlur(face.astype(np.float32), (0, 0), 1.0)
    return min(1.0, min(_variation_lost(picture, axis) for axis in (0, 1)) / _SHARPEST)


def _variation_lost(picture: NDArray, axis: int) -> float:
    """Return the share of the differences between neighbours along `axis` that a wide blur along it removes."""
    blurred = cv2.blur(picture, (1, 9) if axis == 0 else (9, 1))
    before, after = np.abs(np.diff(picture, axis=axis)), np.abs(np.diff(blurred, axis=axis))
    total = float(before.sum())
    return float(np.maximum(before - after, 0).sum()) / total if total > 0 else 0.0
