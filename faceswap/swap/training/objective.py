"""What a training makes small, as one thing."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from faceswap.swap.losses.adversarial import AdversarialLoss
from faceswap.swap.losses.perceptual import LikenessLoss
from faceswap.swap.losses.reconstruction import SwapLoss


@dataclass(frozen=True, eq=False)
class Objective:
    """The sum of all losses.

    Attributes:
        loss: Compares pixels.
        likeness: Compares what the built-in embedder sees; None for none.
        adversary: The discriminator at work; None for none.
    """

    loss: SwapLoss
    likeness: LikenessLoss | None = None
    adversary: AdversarialLoss | None = None

    @property
    def needs_regions(self) -> bool:
        """Return whether the loss wants to know where eyes and mouth are."""
        return bool(getattr(self.loss, "needs_regions", False))

    def reconstruction(
        self, images: Tensor, masks: Tensor | None, targets: Tensor, target_masks: Tensor, regions: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return the weighted parts of one side's loss, without the discriminator's.

        Args:
            images: (N, 3, R, R) as drawn, in [0, 1].
            masks: (N, 1, R, R) as drawn, or None from a model without a mask.
            targets: (N, 3, R, R) float32 in [0, 1].
            target_masks: (N, 1, R, R) float32 in [0, 1], 1 on the face.
            regions: (N, 2, R, R) of eyes and mouth, where the loss needs them.
        """
        parts = dict(self.loss(images, masks, targets, target_masks, regions))
        return parts if self.likeness is None else parts | self.likeness(images, targets, target_masks)

    def adversarial(self, images: Tensor, targets: Tensor, target_masks: Tensor, iteration: int) -> dict[str, Tensor]:
        """Return the discriminator's parts of one side's loss at a step; it learns from these pictures afterwards."""
        return {} if self.adversary is None else self.adversary(images, targets, target_masks, iteration)

    def learn(self, taken: bool) -> None:
        """Let the discriminator take its step, or forget what it was shown when the model's was not `taken`."""
        if self.adversary is not None:
            self.adversary.learn(taken)

    def report(self) -> dict[str, float]:
        """Return the discriminator's own loss, for the curves."""
        return {} if self.adversary is None else {f"loss/{k}": value for k, value in self.adversary.report().items()}
