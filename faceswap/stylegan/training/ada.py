"""Adaptive discriminator augmentation (Karras et al. 2020, "Training GANs with Limited Data").

What the discriminator sees, real or drawn, is moved and coloured at random, so that it cannot learn a small set of
pictures by heart; each kind of change takes place with probability p, which rises while it seems to. The kinds are the
paper's "bgc": mirror images, quarter turns and whole-pixel shifts; scales, turns and squeezes; colours.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

TARGET = 0.6  # of the mean sign of the discriminator's opinions of real pictures
LARGEST_P = 0.85


class AdaptiveAugmentation:
    """p, and what moves it. `images_to_one`: so many pictures take it from 0 to 1 at most."""

    def __init__(self, images_to_one: float, target: float = TARGET, p: float = 0.0) -> None:
        self.p = p
        self._step, self._target = 1 / images_to_one, target

    def learn(self, real: Tensor) -> None:
        """Raise p where the discriminator's opinions (N,) of real pictures are too sure, lowers it where not."""
        sign = float(real.detach().sign().mean())
        self.p = min(LARGEST_P, max(0.0, self.p + math.copysign(len(real) * self._step, sign - self._target)))


def augmented(images: Tensor, p: float) -> Tensor:
    """Return (N, 3, R, R) about [-1, 1] with each kind of change at probability `p`; gradients flow through it."""
    if p <= 0:
        return images
    count, side = len(images), images.shape[-1]
    place = images.device
    moves = _moves(count, p, side).to(place)
    grid = functional.affine_grid(moves, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images.float(), grid, padding_mode="reflection", align_corners=False)
    colours = _colours(count, p).to(place)  # (N, 3, 4)
    flat = colours[:, :, :3] @ moved.flatten(2) + colours[:, :, 3:]
    return flat.unflatten(2, (side, side))


def _moves(count: int, p: float, side: int) -> Tensor:
    """Return (count, 2, 3): from places in the result to places in the picture, both in [-1, 1]."""
    matrix = torch.eye(3).repeat(count, 1, 1)
    mirror = torch.where(_happens(count, p) & (torch.rand(count) < 0.5), -1.0, 1.0)
    matrix = matrix @ _scaling(mirror, torch.ones(count))
    quarter = torch.where(_happens(count, p), torch.randint(4, (count,)), 0) * (math.pi / 2)
    matrix = matrix @ _turning(quarter)
    whole = (torch.rand(count, 2) * 2 - 1) * 0.125 * _happens(count, p)[:, None]
    matrix = matrix @ _shifting(torch.round(whole * side) / side * 2)
    scale = _log_normal(count, p, 0.2)
    matrix = matrix @ _scaling(scale, scale)
    either = 1 - math.sqrt(1 - p)  # turned before or after the squeeze: together p
    matrix = matrix @ _turning((torch.rand(count) * 2 - 1) * math.pi * _happens(count, either))
    squeeze = _log_normal(count, p, 0.2)
    matrix = matrix @ _scaling(squeeze, 1 / squeeze)
    matrix = matrix @ _turning((torch.rand(count) * 2 - 1) * math.pi * _happens(count, either))
    return (matrix @ _shifting(torch.randn(count, 2) * 0.25 * _happens(count, p)[:, None]))[:, :2]


def _colours(count: int, p: float) -> Tensor:
    """Return (count, 3, 4): an affine of RGB: brightness, contrast, lightness turned over, hue, saturation."""
    grey = torch.ones(3) / math.sqrt(3)  # the axis of lightness
    along = torch.outer(grey, grey)
    matrix = torch.eye(3).repeat(count, 1, 1) * _log_normal(count, p, 0.5)[:, None, None]
    turned_over = (_happens(count, p) & (torch.rand(count) < 0.5)).float()
    matrix = (torch.eye(3) - 2 * along * turned_over[:, None, None]) @ matrix
    angle = (torch.rand(count) * 2 - 1) * math.pi * _happens(count, p)
    matrix = _about(grey, angle) @ matrix
    saturation = _log_normal(count, p, 1.0)[:, None, None]
    matrix = (along + (torch.eye(3) - along) * saturation) @ matrix
    brightness = (torch.randn(count) * 0.2 * _happens(count, p))[:, None, None].expand(-1, 3, 1)
    return torch.cat([matrix, brightness], 2)


def _happens(count: int, p: float) -> Tensor:
    return torch.rand(count) < p


def _log_normal(count: int, p: float, spread: float) -> Tensor:
    """Return 2^N(0, spread^2) where it happens, 1 elsewhere."""
    return torch.exp2(torch.randn(count) * spread * _happens(count, p))


def _turning(angle: Tensor) -> Tensor:
    matrix = torch.eye(3).repeat(len(angle), 1, 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 1, 0] = angle.sin()
    matrix[:, 0, 1] = -angle.sin()
    return matrix


def _scaling(across: Tensor, down: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([across, down, torch.ones_like(across)], 1))


def _shifting(shift: Tensor) -> Tensor:
    matrix = torch.eye(3).repeat(len(shift), 1, 1)
    matrix[:, :2, 2] = shift
    return matrix


def _about(axis: Tensor, angle: Tensor) -> Tensor:
    """Return (N, 3, 3): turns about a unit axis (Rodrigues)."""
    x, y, z = axis.tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return torch.eye(3) * cosine + cross * sine + torch.outer(axis, axis) * (1 - cosine)
