"""Optimizers as settings: numbers in, a torch optimizer out."""

from __future__ import annotations

import torch
from torch import nn

from faceswap.engine.adabelief import AdaBeliefOptimizer
from faceswap.engine.config import AdaBeliefConfig, AdamConfig, AdamWConfig


class Trainable(nn.Module):
    """A network that knows the learning rate that suits it."""

    learning_rate: float


class Adam(AdamConfig):
    """Adam (Kingma & Ba 2015), fused into one pass over the weights.

    `learning_rate`: step size; None takes the rate that suits the model. `beta1`, `beta2`: decay of the two moments.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError(f"optimizer.learning_rate must be above 0, not {self.learning_rate}")

    def build(self, model: Trainable) -> torch.optim.Optimizer:
        """The optimizer of all the model's weights."""
        return torch.optim.Adam(model.parameters(), self.rate(model), self.betas, self.epsilon, fused=True)

    def rate(self, model: Trainable) -> float:
        return self.learning_rate if self.learning_rate is not None else model.learning_rate

    @property
    def betas(self) -> tuple[float, float]:
        return self.beta1, self.beta2


class AdamW(AdamWConfig, Adam):
    """Adam that also shrinks each weight by `weight_decay` times the rate a step (Loshchilov & Hutter 2019), fused."""

    def build(self, model: Trainable) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            model.parameters(), self.rate(model), self.betas, self.epsilon, self.weight_decay, fused=True
        )


class AdaBelief(AdaBeliefConfig, Adam):
    """AdaBelief (Zhuang et al. 2020): bold where gradients are as expected, careful where they are not."""

    def build(self, model: Trainable) -> torch.optim.Optimizer:
        return AdaBeliefOptimizer(model.parameters(), self.rate(model), self.betas, self.epsilon)
