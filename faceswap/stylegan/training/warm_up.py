"""The warm-up: encoder and generator trained as a variational autoencoder.

A discriminator needs millions of pictures to lead a generator from nothing to faces; an autoencoder is told the answer
and is there after some ten thousand. What it draws is soft; the second phase (adversarial.py) sharpens it. Its codes
are z, so that the mapping draws faces of N(0, 1) from the start, and the encoder is the first guess of every inversion.
"""

from __future__ import annotations

import torch
from torch import Tensor

from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.networks.encoder import drawn, normal_divergence
from faceswap.stylegan.networks.layers import downsampled
from faceswap.stylegan.training.config import ReconstructionWeights, WarmUp
from faceswap.stylegan.training.state import TrainingNetworks
from faceswap.swap.losses.perceptual import Likeness
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.utils.numbers import half_cosine

# Learning rates of encoder, synthesis, mapping. Weights that are scaled when used ask for larger steps; and the
# adversarial phase needs a slow mapping, an autoencoder a fast one.
RATES = (0.5, 1.0, 30.0)
LAST_RATE = 0.05  # what is left of the learning rate at the end
DRIFT = 0.02  # weight of the squared mean of all codes
OFFSETS = 1.0  # weight of the mean square of offsets from W


class ReconstructionLosses:
    """`ReconstructionWeights` with what it needs at hand."""

    def __init__(self, weights: ReconstructionWeights, networks: TrainingNetworks) -> None:
        self.weights = weights
        self._pixels = ReconstructionLoss(weights.l1, 0, weights.dssim, dssim_window_px=7, mask=0, background_weight=1)
        self._features = Likeness(perceptual=weights.features).build(STYLE_COVERAGE, networks.accelerator)

    def __call__(self, images: Tensor, targets: Tensor, features: bool = True) -> dict[str, Tensor]:
        """Return the weighted parts by name, scalars. Both (N, 3, R, R) about [-1, 1]; `features`: also theirs."""
        images, targets = (images.float() + 1) / 2, (targets + 1) / 2
        everywhere = torch.ones_like(targets[:, :1])
        parts = self._pixels(images, None, targets, everywhere)
        return parts | self._features(images, targets, everywhere) if self._features and features else parts


class AutoencoderStep:
    """A step: seen pictures -> z -> w -> drawn pictures, compared with the targets."""

    def __init__(self, settings: WarmUp, networks: TrainingNetworks, reconstruction: ReconstructionLosses) -> None:
        self._settings, self._networks, self._reconstruction = settings, networks, reconstruction
        learning_rate = settings.learning_rate
        encoder, generator = networks.encoder, networks.generator
        learning = [p for p in encoder.parameters() if p.requires_grad]
        parts = (learning, generator.synthesis.parameters(), generator.mapping.parameters())
        groups = [{"params": list(part), "lr": learning_rate * rate} for part, rate in zip(parts, RATES, strict=True)]
        self.optimizer = torch.optim.Adam(groups, lr=learning_rate, betas=(0.9, 0.99))

    def step(self, seen: Tensor, targets: Tensor, images: int) -> dict[str, float]:
        """Learn from one batch, `images` having been seen before it, and return its losses."""
        networks, half = self._networks, images < 1000 * self._settings.half_kimg
        self._set_rates(images / self._settings.images)
        rows, ties = encoded(networks, seen, self._reconstruction.weights.divergence)
        side = seen.shape[-1] // 2 if half else seen.shape[-1]
        with networks.accelerator.autocast():
            drawn_again = networks.generator.synthesis(rows, noise="none", until_px=side)
        wanted = downsampled(targets) if half else targets
        parts = self._reconstruction(drawn_again, wanted, features=not half) | ties
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        self.optimizer.step()
        return {f"warm_up/{name}": float(value.detach()) for name, value in parts.items()}

    def _set_rates(self, share: float) -> None:
        rate = self._settings.learning_rate * (LAST_RATE + (1 - LAST_RATE) * half_cosine(share))
        for group, factor in zip(self.optimizer.param_groups, RATES, strict=True):
            group["lr"] = rate * factor


def encoded(
    networks: TrainingNetworks, seen: Tensor, divergence: float, offsets: bool = False
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the encoder's rows (N, rows, w_size) of images, and the weighted terms that tie its codes to N(0, 1).

    Args:
        offsets: In W+ instead of W, tied to W as well.
    """
    with networks.accelerator.autocast():
        features = networks.encoder.features(seen)
        mean, log_variance = networks.encoder.codes(features)
    rows = networks.generator.spread(networks.generator.mapping(drawn(mean, log_variance)))
    # Codes all on one side of the origin reconstruct as well, but no z of N(0, 1) lies there: the divergence alone is
    # slow to see it.
    drift = DRIFT * mean.mean(0).square().sum()
    ties = {"divergence": divergence * normal_divergence(mean, log_variance), "drift": drift}
    if offsets:
        with networks.accelerator.autocast():
            moved = networks.encoder.offsets(features)
        rows, ties["offsets"] = rows + moved, OFFSETS * moved.square().mean()
    return rows, ties
