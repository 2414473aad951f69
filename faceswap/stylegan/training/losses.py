"""GAN losses: logistic losses of generator and discriminator, R1 penalty, path lengths."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

R1_SHARE = 0.0002  # gamma = R1_SHARE * resolution^2 / batch size: the heuristic that Karras et al. published in 2020


def g_nonsaturating(logits: Tensor) -> Tensor:
    """Return the non-saturating generator loss, -log D(G(z)) (Goodfellow et al. 2014).

    Args:
        logits: (N,) The discriminator's logits of generated images.
    """
    return functional.softplus(-logits).mean()


def d_logistic(real: Tensor, drawn: Tensor) -> Tensor:
    """Return the logistic discriminator loss, -log D(x) - log(1 - D(G(z))).

    Args:
        real: (N,) Logits of real images.
        drawn: (N,) Logits of generated images.
    """
    return functional.softplus(-real).mean() + functional.softplus(drawn).mean()


def r1_gamma(resolution: int, batch_size: int) -> float:
    """Return the weight of `r1_penalty` that suits most data; try a quarter and four times of it as well."""
    return R1_SHARE * resolution**2 / batch_size


def r1_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Return the R1 penalty (Mescheder et al. 2018): the batch mean of |dD/dx|^2 at real images.

    Args:
        logits: (N,) The discriminator's logits of `images`.
        images: (N, 3, R, R) Real images that require a gradient.
    """
    (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slopes.square().sum((1, 2, 3)).mean()


def path_lengths(images: Tensor, rows: Tensor) -> Tensor:
    """Return the path lengths (N,): |J^T y| of random images y of unit norm (StyleGAN2, section 3.2).

    Args:
        images: (N, 3, R, R) Generated from `rows`.
        rows: (N, rows, w_size) Styles that require a gradient.
    """
    noise = torch.randn_like(images) / math.sqrt(images.shape[2] * images.shape[3])
    (slopes,) = torch.autograd.grad((images * noise).sum(), rows, create_graph=True)
    return slopes.square().sum(2).mean(1).sqrt()
