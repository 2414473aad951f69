"""Sheets of generated faces: samples of codes, and faces edited along directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.media.pictures.tiles import contact_sheet
from faceswap.stylegan.directions.directions import Direction, move
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.images import from_signed_range

STRENGTHS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
TILE_PX = 96


@torch.inference_mode()
def drawn(generator: Generator, rows: Tensor, batch_size: int = 32) -> NDArray[np.uint8]:
    """Return pictures (N, R, R, 3) uint8 RGB of rows (N, rows, w_size)."""
    return np.concatenate([from_signed_range(generator.synthesis(part)) for part in rows.split(batch_size)])


def direction_sheet(
    generator: Generator, directions: Sequence[Direction], rows: Tensor, strengths: Sequence[float] = STRENGTHS
) -> NDArray[np.uint8]:
    """Return one line of the sheet for each direction and face.

    The face moved by `strengths` sigmas, from left to right.

    Args:
        rows: (N, rows, w_size) The faces; a direction's lines stand together.
    """
    pictures, labels = [], []
    for direction in directions:
        for face in rows:
            moved = move(face[None].expand(len(strengths), -1, -1), direction, torch.tensor(strengths))
            pictures += list(drawn(generator, moved))
            labels += [f"{direction.name} {strength:+g}" for strength in strengths]
    return contact_sheet(pictures, labels, columns=len(strengths), tile_px=TILE_PX)
