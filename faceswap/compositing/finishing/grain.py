"""The film's own grain, carried over to a drawn face, which a network leaves smooth.

The grain is what a small blur takes from B's own skin under the mask. It has the sensor's noise, the codec's traces
and the pores of that light and that moment, so it moves as the film does. Edges (glasses, brows, wrinkles) stand out of
it and are left behind.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LARGEST_BLUR_PX = 1.5  # coarser than this lie wrinkles, which are B's, not the film's
BLUR_SHARE = 0.5  # of the side of a pixel of the drawn face, as it lies in the frame
EDGE_SIGMAS = 2.0  # local energy, in sigmas of the grain, from which on it is taken for an edge
EDGE_PX = 3.0
SKIN = 0.5  # weight above which a pixel counts as skin
FEWEST_PIXELS = 200  # of skin, below which nothing can be measured
SAMPLED_PIXELS = 10_000  # about as many tell how strong grain is, to a hundredth
LEAST_SIGMA = 0.15  # grey levels; smoother skin has no grain to carry


def carried_grain(
    there: NDArray[np.float32], own: NDArray[np.float32], weights: NDArray[np.float32], scale: float
) -> NDArray[np.float32]:
    """Return (H, W) what to add to a drawn face so that it is as grainy as the frame.

    In brightness alone: films store next to no fine colour.

    Args:
        there: (H, W) in [0, 1], brightness of the frame where the face goes.
        own: (H, W) in [0, 1], brightness of the face as it will lie there.
        weights: (H, W) in [0, 1], 1 on skin inside the mask, 0 elsewhere.
        scale: Frame pixels a pixel of the drawn face takes.
    """
    blur_px = min(BLUR_SHARE * scale, LARGEST_BLUR_PX)
    chosen = weights > SKIN
    count = cv2.countNonZero(chosen.view(np.uint8))
    if blur_px < 0.3 or count < FEWEST_PIXELS:
        return np.zeros(weights.shape, np.float32)
    grain, own = _fine(there, blur_px), _fine(own, blur_px)
    grid = (slice(None, None, max(1, int(np.sqrt(count / SAMPLED_PIXELS)))),) * 2
    sigma, own_sigma = (_sigma(one[grid][chosen[grid]]) for one in (grain, own))
    if sigma * 255 < LEAST_SIGMA or own_sigma >= sigma:
        return np.zeros(weights.shape, np.float32)
    missing = np.sqrt(1 - (own_sigma / sigma) ** 2)
    energy = cv2.GaussianBlur(grain * grain, (0, 0), EDGE_PX)
    is_grain = 1 / (1 + (energy / np.float32((EDGE_SIGMAS * sigma) ** 2)) ** 2)
    return np.asarray(grain * weights * is_grain * np.float32(missing), np.float32)


def _fine(grey: NDArray[np.float32], blur_px: float) -> NDArray[np.float32]:
    """Return what a blur takes away."""
    return cv2.subtract(grey, cv2.GaussianBlur(grey, (0, 0), blur_px))


def _sigma(values: NDArray) -> float:
    """Return the spread of most values: edges among them count little."""
    return 1.4826 * float(np.median(np.abs(values)))
