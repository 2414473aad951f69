"""What the compositor asks of masks.

A mask is an alpha over the square view that the model sees, (M, M) float32 in [0, 1]; M need not be the model's
resolution, both squares cover the same part of the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import AlignedFace, Frame


class Mask(Protocol):
    """What the compositor asks of a mask; one that changes along a film has `at(frame)`, which gives it as it is."""

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return the alpha (M, M) of a face with `points` (68, 2) in a view of size_px.

        Args:
            learned: The model's (R, R).
        """
        ...


@runtime_checkable
class FrameMask(Mask, Protocol):
    """A mask that looks at the frames, many faces at once, before its alphas are asked for."""

    def free(
        self, frames: Sequence[Frame], views: Sequence[AlignedFace], tracks: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return what the alpha of each view is multiplied with, (M, M) in [0, 1].

        `frames[i]` is the one of `views[i]`.
        """
        ...


@runtime_checkable
class LayeredMask(FrameMask, Protocol):
    """A mask of several, each of which sees something else: `free` gives (K, M, M) a view."""

    def alpha_seen(self, points: NDArray, size_px: int, learned: NDArray | None, free: NDArray) -> NDArray[np.float32]:
        """Return the alpha of a face with what `free` has told of its view."""
        ...


def mask_at(mask: Mask, frame: int) -> Mask:
    """Return a mask as it is at a frame."""
    at = getattr(mask, "at", None)  # a protocol is looked for by isinstance in 70 us, and this is asked of every face
    return mask if at is None else at(frame)


def alpha_of(
    mask: Mask, points: NDArray, size_px: int, learned: NDArray | None, free: NDArray | None
) -> NDArray[np.float32]:
    """Return the alpha (M, M) of a face with what a mask has seen of its view, if it looks at frames.

    Args:
        mask: As it is at the frame.
        points: (68, 2) in pixels of the view.
        size_px: The view's side.
        learned: The model's own, (R, R).
        free: One of what `FrameMask.free` gave.
    """
    if free is not None and isinstance(mask, LayeredMask):
        return mask.alpha_seen(points, size_px, learned, free)
    alpha = mask.alpha(points, size_px, learned)
    if free is None:
        return alpha
    side = max(alpha.shape[0], free.shape[0])
    return np.asarray(sized(alpha, side) * sized(free, side), np.float32)


def sized(alpha: NDArray, side: int) -> NDArray:
    """Return an alpha (M, M) at another side, both over the same view."""
    return alpha if alpha.shape[0] == side else cv2.resize(alpha, (side, side), interpolation=cv2.INTER_LINEAR)
