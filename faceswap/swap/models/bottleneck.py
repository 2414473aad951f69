"""The narrowest layer of a model: a plain dense one, or a Gaussian that gives every face a cloud of codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPREAD_AT_START = -4.0  # log-variance: the first codes are nearly plain


class Gaussian(nn.Linear):
    """The code as a normal distribution (Kingma & Welling 2014): its mean as a dense layer gives it, and its spread.

    As a layer it gives the mean, so that a conversion is deterministic; `draw` samples. Called `weight` and `bias` as a
    plain layer's, the mean's weights pass from a plain model to a variational one and back.
    """

    def __init__(self, features: int, dimensions: int) -> None:
        super().__init__(features, dimensions)
        self.spread = nn.Linear(features, dimensions)  # log-variance
        self.start_narrow()

    def start_narrow(self) -> None:
        """Makes the spread small, the same for every face."""
        nn.init.zeros_(self.spread.weight)
        nn.init.constant_(self.spread.bias, SPREAD_AT_START)

    def draw(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """A sample (N, D); its divergence from the unit normal (N,) in nats: half the sum of m^2 + s^2 - 1 - ln s^2."""
        mean, log_variance = self(features).float(), self.spread(features).float()
        sample = mean + torch.randn_like(mean) * torch.exp(log_variance / 2)
        nats = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
        return sample.to(features.dtype), nats


def bottleneck(features: int, dimensions: int, beta: float) -> nn.Linear:
    """A plain dense layer at beta 0, else a Gaussian. Raises ValueError for a beta below 0."""
    if not beta >= 0:
        raise ValueError(f"model.beta must be 0 or more, not {beta}")
    return Gaussian(features, dimensions) if beta else nn.Linear(features, dimensions)


def draw(layers: nn.Module, features: Tensor) -> tuple[Tensor, Tensor | None]:
    """What a training step takes from a model's inter layers: their output and the divergence (N,), None if plain."""
    if not isinstance(layers, nn.Sequential):
        return layers(features), None
    nats = None
    for layer in layers:
        if isinstance(layer, Gaussian):
            features, nats = layer.draw(features)
        else:
            features = layer(features)
    return features, nats
