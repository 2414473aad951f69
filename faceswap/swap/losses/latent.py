"""What lies between the faces a model has seen: samples, ways from face to face, and how much of a code is empty."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from faceswap.swap.models.layers import SwapModel
from faceswap.utils.choices import Side


@dataclass(frozen=True, eq=False)
class LatentSpace:
    """The codes of faces in the bottleneck of a `model` that draws them as `side`.

    `codes` (N, D); `mean` and `spread` (D,) are theirs.
    """

    model: SwapModel
    side: Side
    codes: Tensor
    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, model: SwapModel, images: Tensor, side: Side = "a") -> LatentSpace:
        """The space around (N, 3, R, R) RGB in [0, 1], two or more. Raises ValueError for fewer."""
        if len(images) < 2:
            raise ValueError(f"a space of codes needs two or more faces, not {len(images)}")
        with torch.no_grad():
            codes = model.latents(images, side).float()
        return cls(model, side, codes, codes.mean(0), codes.std(0))

    def draw(self, codes: Tensor) -> Tensor:
        """(N, D) -> (N, 3, R, R) RGB in [0, 1]."""
        with torch.no_grad():
            return self.model.decode_latents(codes, self.side)[0]

    def samples(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, D) codes of nobody.

        Of a Gaussian code, from the unit normal that training drew it to; of a plain one from the normal distribution
        with the faces' mean and spread, number by number, which is the best that can be said of it.
        """
        noise = torch.randn(count, self.codes.shape[1], generator=generator)
        return noise if self.model.beta else self.mean + self.spread * noise

    def middles(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, D): halfway between two different faces each."""
        one = torch.randint(len(self.codes), (count,), generator=generator)
        step = torch.randint(1, len(self.codes), (count,), generator=generator)
        return (self.codes[one] + self.codes[(one + step) % len(self.codes)]) / 2

    def walk(self, one: int, other: int, steps: int) -> Tensor:
        """(steps, D): the straight line from face `one` to face `other`, both included."""
        return torch.lerp(self.codes[one], self.codes[other], torch.linspace(0, 1, steps)[:, None])

    def lost(self, codes: Tensor) -> float:
        """How far codes are from those of the pictures drawn of them, squared, in units of the faces' own spread.

        Near 0 where a code stands for a picture; 1 and more in a hole, where its picture is read as another's.
        """
        with torch.no_grad():
            again = self.model.latents(self.draw(codes), self.side).float()
        return float((again - codes).square().sum(1).mean() / self.spread.square().sum())


def unevenness(pictures: Tensor) -> float:
    """The largest step of a walk's pictures (N, 3, R, R) over their mean step: 1 is even, N - 1 one jump.

    1 where nothing changes at all.
    """
    steps = (pictures[1:] - pictures[:-1]).abs().mean(dim=(1, 2, 3))
    return float(steps.max() / steps.mean()) if steps.any() else 1.0
