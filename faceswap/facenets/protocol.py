"""The protocol of face embedders, which the built-in and the public one follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Embeds faces, so that people can be told apart by the cosine of two embeddings."""

    @property
    def description(self) -> str:
        """Names the weights: embeddings of other weights cannot be compared with these."""
        ...

    def embed(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return unit vectors (n, 128) of n faces.

        Args:
            images: The picture (H, W, 3) uint8 RGB of each face.
            points: Its landmarks (68, 2) in that picture's pixels.

        Raises:
            ValueError: The points of a face coincide.
        """
        ...
