"""What the compositor asks of masks.

A mask is an alpha over the square view that the model sees, (M, M) float32 in [0, 1]; M need not be the model's
resolution, both squares cover the same part of the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import AlignedFace, Frame


class Mask(Protocol):
    """What the compositor asks of a mask."""

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
