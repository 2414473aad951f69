"""The style crop, in which a face generator draws: upright, wide enough for hair and chin.

The same fit as `core/geometry.py`; only the share of the crop differs, so what comes out of a generator goes back into
the frame by the inverse of one (2, 3) similarity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import transform_points, view_of_crop, warp_crop
from faceswap.core.values import AlignedFace, Face, Frame
from faceswap.facenets.views import frame_to_view_for

STYLE_COVERAGE = 0.9  # of the stored crop; the swap's models see 0.8


def frame_to_style_for(points: NDArray, size_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) similarity from a frame to a face's style crop of `size_px`, by its points (68, 2).

    Raises:
        ValueError: The points coincide.
    """
    return frame_to_view_for(points, STYLE_COVERAGE, size_px)


def align_style(frame: Frame, face: Face, size_px: int) -> AlignedFace:
    """Return the upright style crop of a face, `size_px` wide; beyond the frame its border is repeated."""
    matrix = frame_to_style_for(face.points, size_px)
    image = warp_crop(frame.image, matrix, size_px, repeat_border=True)
    return AlignedFace(image, transform_points(matrix, face.points), matrix)


def style_of_stored(crop: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Return the style crop (size_px, size_px, 3) out of a face set's stored crop (S, S, 3)."""
    view = view_of_crop(crop.shape[0], STYLE_COVERAGE, size_px)
    return warp_crop(crop, view, size_px, repeat_border=True)
