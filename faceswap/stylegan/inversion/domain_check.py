"""Domain check: whether a photo lies within what the generator can draw, measured on its own samples."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from faceswap.stylegan.inversion.perceptual import InversionLoss
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator, draw_z

SAMPLES, FIRST_SEED = 48, 1_000_000  # faces of its own; their seeds are none that anybody trains with
LARGEST_PIXELS = 4 << 20  # of a batch: fewer faces of large generators are drawn
OUTSIDE_FACTOR = 2.0  # times the worst of its own: a photo whose loss is larger lies outside


@dataclass(frozen=True)
class DomainCheck:
    """Losses of the encoder alone on samples of the generator: their `median` and the 95th percentile, `worst`."""

    median: float
    worst: float

    @classmethod
    @torch.no_grad()
    def of(cls, generator: Generator, encoder: Encoder, loss: InversionLoss) -> DomainCheck:
        """Measure on samples of the generator, always the same ones."""
        count = max(4, min(SAMPLES, LARGEST_PIXELS // generator.resolution**2))
        losses = []
        for z in draw_z(range(FIRST_SEED, FIRST_SEED + count), generator.z_size).split(8):
            images = generator(z.to(generator.average.device)).clamp(-1, 1)
            losses.append(encoder_loss(generator, encoder, loss, images))
        drawn = torch.cat(losses)
        return cls(float(drawn.median()), float(drawn.quantile(0.95)))

    def warning(self, name: str, found: float) -> str | None:
        """Return the warning for a photo whose loss after the encoder is `found`; None inside the domain."""
        if found <= OUTSIDE_FACTOR * self.worst:
            return None
        return (
            f"{name} lies outside of what the generator knows: the encoder's guess has a loss of {found:.3f}, faces of "
            f"its own {self.median:.3f} (95 % below {self.worst:.3f}); expect a likeness, not a copy"
        )


@torch.no_grad()
def encoder_loss(
    generator: Generator, encoder: Encoder, loss: InversionLoss, images: Tensor, masks: Tensor | None = None
) -> Tensor:
    """Return the weighted loss (N,) of the encoder's reconstruction of images (N, 3, R, R) in [-1, 1]."""
    return loss.total(loss.parts(generator.synthesis(encoder(images)), loss.target(images, masks)))
