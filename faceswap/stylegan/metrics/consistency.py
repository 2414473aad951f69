"""Latent editing consistency: the distance after editing, encoding and editing back.

LEC (latent editing consistency; Tov et al. 2021, "Designing an Encoder for StyleGAN Image Manipulation").
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.stylegan.directions.directions import Direction, move
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator

LEC_SIGMAS = 3.0


@torch.inference_mode()
def edit_consistency(
    generator: Generator, encoder: Encoder, images: Tensor, direction: Direction, sigmas: float = LEC_SIGMAS
) -> NDArray[np.float64]:
    """Return (N,): |w - w'|, w the encoder's word for images (N, 3, R, R) in [-1, 1].

    W' that of the edited picture edited back; root mean square over rows.

    With `sigmas` 0: what encoding again costs by itself.
    """
    distances = []
    for part in images.split(16):
        rows = encoder(part)
        edited = generator.synthesis(move(rows, direction, sigmas)).clamp(-1, 1)
        back = move(encoder(edited), direction, -sigmas)
        distances.append((back - rows).square().sum(2).mean(1).sqrt().double().cpu().numpy())
    return np.concatenate(distances)
