"""Previews of a training."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.stylegan.networks.generator import draw_z
from faceswap.stylegan.training.state import TrainingNetworks
from faceswap.utils.images import from_signed_range

PER_ROW = 12


@torch.no_grad()
def preview(networks: TrainingNetworks, seen: Tensor, targets: Tensor, rows: int = 4) -> NDArray[np.uint8]:
    """Return a sheet (H, W, 3) uint8: inputs, their targets, reconstructions, and `rows` rows of samples.

    (H, W, 3) uint8.
    """
    generator, encoder = networks.shipped()
    seen, targets = seen[:PER_ROW].cpu(), targets[:PER_ROW].cpu()
    again = generator.synthesis(encoder(seen))
    z = draw_z(range(PER_ROW * rows), generator.z_size)
    samples = torch.cat([generator(some) for some in z.split(PER_ROW)])
    pictures = torch.cat([seen, targets, again, *samples.split(len(seen))])
    return tiled(from_signed_range(pictures), len(seen))


def tiled(pictures: NDArray[np.uint8], across: int) -> NDArray[np.uint8]:
    """Return (N, R, R, 3) as rows of `across` pictures; N is a multiple of it."""
    rows = pictures.reshape(-1, across, *pictures.shape[1:])
    return np.concatenate([np.concatenate(list(row), 1) for row in rows], 0)
