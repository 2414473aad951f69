"""What was laid into a frame: a drawn face as it lies there, and the layers made of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Pasted:
    """A drawn face in its frame.

    Attributes:
        face: (h, w, 3) float32 RGB in [0, 1] as on a screen, in the frame's pixels.
        weights: (h, w) float32 in [0, 1], the share of it that covers the frame.
        region: The rows and columns of the frame that both lie in.
        frame_to_crop: (2, 3), from the frame to the upright square of `crop_size_px` that a model drew.
        crop_size_px: Side of that square.
        track: Whose face it is; -1: unknown.
    """

    face: NDArray[np.float32]
    weights: NDArray[np.float32]
    region: tuple[slice, slice]
    frame_to_crop: NDArray[np.float64]
    crop_size_px: int
    track: int = -1

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom of the region."""
        rows, columns = self.region
        return columns.start, rows.start, columns.stop, rows.stop


def premultiplied(
    pieces: Sequence[Pasted], height: int, width: int, coded: Callable[[NDArray], NDArray] | None = None
) -> NDArray[np.float32]:
    """Return (H, W, 4): all faces of a frame in order, each over those before; to be laid over the frame as filmed.

    Args:
        pieces: The faces.
        height: Of the frame.
        width: Of the frame.
        coded: What a face's values become before; None: they stay as on a screen.
    """
    canvas = np.zeros((height, width, 4), np.float32)
    for piece in pieces:
        face = np.clip(piece.face, 0, 1)
        face = face if coded is None else coded(face)
        share = piece.weights[..., None]
        part = canvas[piece.region]
        part *= 1 - share
        part[..., :3] += face * share
        part[..., 3:] += share
    return canvas


def coverage(pieces: Sequence[Pasted], height: int, width: int) -> NDArray[np.float32]:
    """Return (H, W) in [0, 1]: how much of each pixel all faces of a frame cover."""
    canvas = np.zeros((height, width), np.float32)
    for piece in pieces:
        part = canvas[piece.region]
        part += (1 - part) * piece.weights
    return canvas
