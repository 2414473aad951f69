"""The square by which DeepFaceLab and its readers cut a face ("whole face"), within the crop of this program.

Both squares come of a similarity to a mean face, so that one lies in the other the same way for every upright face: a
fit of their points to the mean face of this program gave the numbers below. The two are nearly the same square.
"""

from __future__ import annotations

from typing import NamedTuple

from faceswap.utils.limits import CROP_SIDE_PX, check_size

# A place at the share s of the crop's side lies at SCALE s + SHIFT of the whole-face square's, which is counted from
# the centre of its first pixel (OpenCV's corner), in x and in y.
SCALE = 0.98879
SHIFT_X, SHIFT_Y = 0.00097, 0.01898


class Window(NamedTuple):
    """A square of `inner_px` whose first pixel lies at (left, top) of one of `outer_px`; pixels are equally large."""

    outer_px: int
    inner_px: int
    left: int
    top: int


def view_in_whole_face(resolution_px: int, coverage: float) -> Window:
    """Return where a model's view lies in the whole face, of a size at which no pixel need be resampled.

    The view is off by at most half a pixel and 0.4 %; one that would reach beyond the square (coverage above 0.98) by
    up to 2 %.

    Args:
        resolution_px: Side of the view.
        coverage: Share of the crop's side that it shows, (0, 1].
    """
    outer_px = max(resolution_px, round(resolution_px / (coverage * SCALE)))
    low = 0.5 - coverage / 2 * (resolution_px - 1) / resolution_px  # of the view's first pixel, in the crop
    left, top = (round((SCALE * low + shift) * outer_px) for shift in (SHIFT_X, SHIFT_Y))
    most = outer_px - resolution_px
    return Window(outer_px, resolution_px, min(max(left, 0), most), min(max(top, 0), most))


def whole_face_in_view(side_px: int) -> tuple[Window, float]:
    """Return where a whole face of `side_px` lies in a view around it, and the view's coverage (above 1).

    The whole face is off by at most half a pixel.

    Raises:
        UserError: There are no faces so large.
    """
    check_size("a whole face", side_px, CROP_SIDE_PX, "pixels")
    margin = round(0.02 * side_px) + 1
    outer_px = side_px + 2 * margin
    left, top = (round((outer_px - 1) / 2 - side_px * (SCALE / 2 + shift)) for shift in (SHIFT_X, SHIFT_Y))
    return Window(outer_px, side_px, left, top), outer_px / (side_px * SCALE)
