"""Optimizers as settings: numbers in, a torch optimizer out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from faceswap.engine.adabelief import AdaBeliefOptimizer


class Trainable(nn.Module):
    """A network that knows the learning rate that suits it."""

    learning_rate: float


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
            raise ValueError(f"optimizer.learning_rate must be above 0, not {self.learning_rate}")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"optimizer.{name} must be in [0, 1), not {getattr(self, name)}")

    def build(self, model: Trainable) -> torch.optim.Optimizer:
        """The optimizer of all the model's weights."""
        return torch.optim.Adam(model.parameters(), self.rate(model), self.betas, self.epsilon, fused=True)

    def rate(self, model: Trainable) -> float:
        return self.learning_rate if self.learning_rate is not None else model.learning_rate

    @property
    def betas(self) -> tuple[float, float]:
        return self.beta1, self.beta2


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam that also shrinks each weight by `weight_decay` times the rate a step (Loshchilov & Hutter 2019), fused."""

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weight_decay >= 0:
            raise ValueError(f"optimizer.weight_decay must be 0 or more, not {self.weight_decay}")

    def build(self, model: Trainable) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            model.parameters(), self.rate(model), self.betas, self.epsilon, self.weight_decay, fused=True
        )


@dataclass(frozen=True)
class AdaBelief(Adam):
    """AdaBelief (Zhuang et al. 2020): bold where gradients are as expected, careful where they are not."""

    epsilon: float = 1e-16  # the authors' own: it is added to the variance at every step

    def build(self, model: Trainable) -> torch.optim.Optimizer:
        return AdaBeliefOptimizer(model.parameters(), self.rate(model), self.betas, self.epsilon)
