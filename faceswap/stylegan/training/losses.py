"""What generator and discriminator make small, and the two penalties that keep them apart from each other's tricks."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

R1_SHARE = 0.0002  # gamma = R1_SHARE * resolution^2 / batch size: the heuristic that Karras et al. published in 2020


def drawn_as_real(logits: Tensor) -> Tensor:
    """The generator's loss, -log D(drawn) ("non-saturating", Goodfellow et al. 2014)."""
    return functional.softplus(-logits).mean()


def told_apart(real: Tensor, drawn: Tensor) -> Tensor:
    """The discriminator's loss, -log D(real) - log (1 - D(drawn))."""
    return functional.softplus(-real).mean() + functional.softplus(drawn).mean()


def r1_gamma(resolution: int, batch_size: int) -> float:
    """The weight of `squared_slope` that suits most data; a sweep tries a quarter and four times of it."""
    return R1_SHARE * resolution**2 / batch_size


def squared_slope(logits: Tensor, images: Tensor) -> Tensor:
    """Mean over the batch of |dD/dx|^2 at real images ("R1", Mescheder et al. 2018); `images` require a gradient."""
    (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slopes.square().sum((1, 2, 3)).mean()


def path_lengths(images: Tensor, rows: Tensor) -> Tensor:
    """(N,): how far noise of one unit in the picture reaches back into w (StyleGAN2, section 3.2).

    `images` (N, 3, R, R) made of `rows` (N, rows, w_size), which require a gradient.
    """
    noise = torch.randn_like(images) / math.sqrt(images.shape[2] * images.shape[3])
    (slopes,) = torch.autograd.grad((images * noise).sum(), rows, create_graph=True)
    return slopes.square().sum(2).mean(1).sqrt()
