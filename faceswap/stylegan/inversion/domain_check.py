"""Domain check: whether a photo lies within what the generator can draw, measured on its own samples."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from faceswap.stylegan.inversion.perceptual import InversionLoss
from faceswap.stylegan.inversion.resolution import SearchResolution
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator, draw_z

SAMPLES, FIRST_SEED = 48, 1_000_000  # faces of its own; their seeds are none that anybody trains with
LARGEST_PIXELS = 4 << 20  # of a batch: fewer faces of large generators are drawn
BATCH = 8
WORST = 0.95  # quantile of their losses
OUTSIDE_FACTOR = 2.0  # times the worst of its own: a photo whose loss is larger lies outside


class DomainCheck:
    """Losses of the encoder alone on samples of the generator, always the same ones.

    They are drawn as far as an answer needs them: a face within the domain is told by the first few.
    """

    def __init__(self, generator: Generator, encoder: Encoder, loss: InversionLoss) -> None:
        self._generator, self._encoder, self._loss = generator, encoder, loss
        count = max(4, min(SAMPLES, LARGEST_PIXELS // generator.resolution**2))
        # The quantile lies between two of the losses in order; the lower one is so many from the largest. The loss at
        # that place among a part of them is no larger: a part tells what the quantile is at least.
        self._from_largest = count - math.floor(WORST * (count - 1))
        self._left = list(draw_z(range(FIRST_SEED, FIRST_SEED + count), generator.z_size).split(BATCH))
        self._losses = torch.empty(0)

    def warning(self, name: str, found: float) -> str | None:
        """Return the warning for a photo whose loss after the encoder is `found`; None inside the domain."""
        while self._left and found > OUTSIDE_FACTOR * self._least_worst():
            self._measure()
        worst = self._least_worst() if self._left else float(self._losses.quantile(WORST))
        if found <= OUTSIDE_FACTOR * worst:
            return None
        return (
            f"{name} lies outside of what the generator knows: the encoder's guess has a loss of {found:.3f}, faces of "
            f"its own {float(self._losses.median()):.3f} ({WORST:.0%} below {worst:.3f}); expect a likeness, not a copy"
        )

    def _least_worst(self) -> float:
        """Return what the quantile over all samples cannot fall below."""
        if len(self._losses) < self._from_largest:
            return 0.0
        return float(self._losses.topk(self._from_largest).values[-1])

    @torch.no_grad()
    def _measure(self) -> None:
        images = self._generator(self._left.pop(0).to(self._generator.average.device)).clamp(-1, 1)
        losses = encoder_loss(self._generator, self._encoder, self._loss, images).cpu()
        self._losses = torch.cat([self._losses, losses])


@torch.no_grad()
def encoder_loss(
    generator: Generator, encoder: Encoder, loss: InversionLoss, images: Tensor, masks: Tensor | None = None
) -> Tensor:
    """Return the weighted loss (N,) of the encoder's reconstruction of images (N, 3, R, R) in [-1, 1].

    At the resolution at which it sees them.
    """
    seen = SearchResolution.of(generator, encoder)
    target = loss.target(seen.reduced(images), None if masks is None else seen.reduced(masks))
    return loss.total(loss.parts(seen.drawn(generator, encoder(images)), target))
