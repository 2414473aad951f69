"""The points of a face within a box that somebody has drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Frame
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.facenets.landmarks import LandmarkPredictor

SMALLEST_BOX_PX = 12.0


def points_in_box(frame: Frame, box: NDArray, predictor: LandmarkPredictor) -> NDArray[np.float32]:
    """Return the 68 points (68, 2) in frame pixels that the landmark network sees in a box.

    It looks twice: in the box, then upright around what it saw.

    Args:
        frame: The picture.
        box: (4,) x0, y0, x1, y1 in frame pixels, about the face.
        predictor: The network.

    Raises:
        UserError: The box is too small, or no part of it lies in the picture.
    """
    x0, y0, x1, y1 = (float(edge) for edge in box)
    is_in = x1 > 0 and y1 > 0 and x0 < frame.width - 1 and y0 < frame.height - 1
    if not (np.isfinite(box).all() and is_in and min(x1 - x0, y1 - y0) >= SMALLEST_BOX_PX):
        raise UserError(f"draw the box around the face, {SMALLEST_BOX_PX:g} pixels wide or more")
    points = predictor.read([frame.image], [predictor.window_of_box(np.asarray(box), 0.0)])[0].points
    return predictor.read([frame.image], [predictor.window_of_points(points)])[0].points
