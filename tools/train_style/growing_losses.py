"""How a grown generator's pictures are judged: against the crops they stand for, and by a discriminator of patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.stylegan.networks.discriminator import with_minibatch_stddev
from faceswap.stylegan.networks.layers import SLOPE, downsampled
from faceswap.swap.losses.reconstruction import ReconstructionLoss

L1, DSSIM, FINE = 2.0, 0.5, 2.0


class Comparison:
    """Reconstructions against crops, both (N, 3, R, R) about [-1, 1]: colours, structure and fine edges."""

    def __init__(self) -> None:
        self._pixels = ReconstructionLoss(L1, 0, DSSIM, dssim_window_px=7, mask=0, background_weight=1)

    def __call__(self, images: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return the weighted parts by name, scalars."""
        fine = functional.l1_loss(upper_octave(images), upper_octave(targets))
        images, targets = (images + 1) / 2, (targets + 1) / 2
        return dict(self._pixels(images, None, targets, torch.ones_like(targets[:, :1]))) | {"fine": FINE * fine}


class _SeesOctaves(nn.Module):
    """Looks at images (N, 3, R, R), and at their two upper octaves, each as strong as the whole.

    What is new in a grown generator is fine, and faint beside the colours of a picture: shown pictures alone, a
    discriminator still guesses after hundreds of steps. So it sees the octaves; then ten steps are enough.
    """

    def __init__(self, crops: Tensor, channels: int) -> None:
        """Measure on `crops` (N, 3, R, R) how strong the octaves are."""
        super().__init__()
        self._gains = [1 / float(octave.std()) for octave in (upper_octave(crops), upper_octave(downsampled(crops)))]
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(9, channels, 3, padding=1),
                nn.Conv2d(channels, 2 * channels, 4, 2, 1),
                nn.Conv2d(2 * channels, 3 * channels, 4, 2, 1),
                nn.Conv2d(3 * channels, 3 * channels, 3, padding=1),
            ]
        )
        self.out = nn.Conv2d(3 * channels, 1, 3, padding=1)

    def seen(self, images: Tensor) -> Tensor:
        """Return what is looked at, (N, 9, R, R)."""
        middle = functional.interpolate(
            upper_octave(downsampled(images)), scale_factor=2, mode="bilinear", align_corners=False
        )
        shown = torch.cat([upper_octave(images) * self._gains[0], middle * self._gains[1], images], 1)
        return shown.contiguous(memory_format=torch.channels_last)

    def _features(self, seen: Tensor) -> Tensor:
        for layer in self.layers:
            seen = functional.leaky_relu(layer(seen), SLOPE)
        return seen


class PatchDiscriminator(_SeesOctaves):
    """Images (N, 3, R, R) -> logits (N, 1, R / 4, R / 4), each of a patch some 30 px wide (Isola et al. 2017)."""

    def __init__(self, crops: Tensor, channels: int = 16) -> None:
        """Measure on `crops` (N, 3, R, R) how strong the octaves are."""
        super().__init__(crops, channels)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits."""
        return self.judged(self.seen(images))

    def judged(self, seen: Tensor) -> Tensor:
        """Return the logits of what is looked at."""
        logits: Tensor = self.out(self._features(seen))
        return logits


class WholeDiscriminator(_SeesOctaves):
    """Images (N, 3, R, R) -> logits of patches in three sizes: (N, 1, R / 4, R / 4), of R / 8 and of R / 16.

    The largest are also told how much pictures of a group differ (Karras et al. 2018).
    """

    def __init__(self, crops: Tensor, channels: int = 24) -> None:
        """Measure on `crops` (N, 3, R, R) how strong the octaves are."""
        super().__init__(crops, channels)
        wide = 3 * channels
        self.wider = nn.ModuleList([nn.Conv2d(wide, wide, 4, 2, 1), nn.Conv2d(wide, wide, 4, 2, 1)])
        self.outs = nn.ModuleList([nn.Conv2d(wide, 1, 3, padding=1), nn.Conv2d(wide + 1, 1, 3, padding=1)])

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the logits, smallest patches first."""
        return self.judged(self.seen(images))

    def judged(self, seen: Tensor) -> list[Tensor]:
        """Return the logits of what is looked at."""
        fine = self._features(seen)
        middle = functional.leaky_relu(self.wider[0](fine), SLOPE)
        coarse = functional.leaky_relu(self.wider[1](middle), SLOPE)
        return [self.out(fine), self.outs[0](middle), self.outs[1](with_minibatch_stddev(coarse))]


def upper_octave(images: Tensor) -> Tensor:
    """Return what half the resolution cannot hold of images (N, 3, R, R)."""
    return images - functional.interpolate(downsampled(images), scale_factor=2, mode="bilinear", align_corners=False)
