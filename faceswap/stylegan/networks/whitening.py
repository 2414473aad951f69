"""Whitened W: coordinates in which samples of the generator are about N(0, 1).

The last layer of the mapping is a leaky ReLU; undone, the samples are close to a Gaussian (Zhu et al. 2020, "Improved
StyleGAN Embedding: Where are the Good Latents?"). Along its axes, divided by their spreads, steps of an optimizer mean
the same everywhere, and the length of a vector says how unusual a face is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.stylegan.networks.layers import SLOPE

SAMPLES = 4096
LEAST_SPREAD = 0.01  # of the widest axis: below it samples hardly differ, and a step would be nothing but rounding


@dataclass(frozen=True, eq=False)
class Whitening:
    """`mean` (w_size,), orthonormal `axes` (w_size, w_size) in columns, widest first, their `spreads` (w_size,)."""

    mean: Tensor
    axes: Tensor
    spreads: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, generator: Generator, samples: int = SAMPLES) -> Whitening:
        """Measure on `samples` of the generator, always the same ones."""
        place = generator.average.device
        w = torch.cat([generator.mapping(z.to(place)) for z in draw_z(range(samples), generator.z_size).split(512)])
        before = before_activation(w)
        mean = before.mean(0)
        variances, axes = torch.linalg.eigh((before - mean).double().T.cov())
        spreads = variances.clamp(min=0).sqrt().flip(0).float()
        spreads = spreads.clamp(min=LEAST_SPREAD * float(spreads[0]) + 1e-12)
        return cls(mean, axes.flip(1).float().contiguous(), spreads)

    def sigmas(self, w: Tensor) -> Tensor:
        """Return (..., w_size) of W in these units."""
        return (before_activation(w) - self.mean) @ self.axes / self.spreads

    def w(self, sigmas: Tensor) -> Tensor:
        """Return (..., w_size) back in W."""
        before = self.mean + (sigmas * self.spreads) @ self.axes.T
        return torch.where(before < 0, before * SLOPE, before)


def before_activation(w: Tensor) -> Tensor:
    """Return the values that the leaky ReLU made `w` from, but for its gain."""
    return torch.where(w < 0, w / SLOPE, w)
