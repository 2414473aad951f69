"""Optimisers as settings: numbers in, a torch optimiser out."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from faceswap.swap.blocks import SwapModel


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba 2015), fused into one pass over the weights.

    `learning_rate`: step size; None takes the rate that suits the model. `beta1`, `beta2`: decay of the two moments.
    """

    learning_rate: float | None = None
    beta1: float = 0.5
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError(f"optimiser.learning_rate must be above 0, not {self.learning_rate}")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"optimiser.{name} must be in [0, 1), not {getattr(self, name)}")

    def build(self, model: SwapModel) -> torch.optim.Optimizer:
        """The optimiser of all the model's weights."""
        rate = self.learning_rate if self.learning_rate is not None else model.learning_rate
        return torch.optim.Adam(model.parameters(), rate, (self.beta1, self.beta2), self.epsilon, fused=True)
