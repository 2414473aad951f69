"""The discriminator of StyleGAN2: residual blocks and minibatch standard deviation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.stylegan.networks.generator import FIRST_PX, block_sizes
from faceswap.stylegan.networks.layers import Dense, downsampled, filtered, scaled_leaky_relu

GROUP = 4  # pictures that are compared with each other


class EqualizedConv2d(nn.Module):
    """Convolution with weights scaled when used; `down` filters and takes every second pixel."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, down: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(channels_out)) if bias else None
        self.down, self._gain = down, 1 / math.sqrt(channels_in * kernel * kernel)

    def forward(self, features: Tensor) -> Tensor:
        weight = (self.weight * self._gain).to(features.dtype)
        bias = None if self.bias is None else self.bias.to(features.dtype)
        if not self.down:
            return functional.conv2d(features, weight, bias, padding=weight.shape[-1] // 2)
        if weight.shape[-1] == 1:
            return functional.conv2d(downsampled(features), weight, bias)
        return functional.conv2d(filtered(features, (2, 2)), weight, bias, stride=2)


class DiscriminatorBlock(nn.Module):
    """Two convolutions beside a shortcut; the sum keeps its variance."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv0 = EqualizedConv2d(channels_in, channels_in, 3)
        self.conv1 = EqualizedConv2d(channels_in, channels_out, 3, down=True)
        self.skip = EqualizedConv2d(channels_in, channels_out, 1, down=True, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        deep = scaled_leaky_relu(self.conv1(scaled_leaky_relu(self.conv0(features))), gain=1.0)
        return deep + self.skip(features) * math.sqrt(0.5)


class ResidualDiscriminator(nn.Module):
    """Images (N, 3, R, R) about [-1, 1] -> (N,): above 0 where they look real. `channels` at 4, 8, ... R px."""

    def __init__(self, resolution: int, channels: Sequence[int]) -> None:
        super().__init__()
        plan = dict(zip(block_sizes(resolution), channels, strict=True))
        self.from_rgb = EqualizedConv2d(3, plan[resolution], 1)
        order = sorted(plan, reverse=True)
        pairs = pairwise(order)
        self.blocks = nn.Sequential(*(DiscriminatorBlock(plan[side], plan[half]) for side, half in pairs))
        last = plan[FIRST_PX]
        self.conv = EqualizedConv2d(last + 1, last, 3)
        self.dense = Dense(last * FIRST_PX * FIRST_PX, last)
        self.out = Dense(last, 1)

    def forward(self, images: Tensor) -> Tensor:
        features = self.blocks(scaled_leaky_relu(self.from_rgb(images)))
        features = scaled_leaky_relu(self.conv(with_minibatch_stddev(features)))
        return self.out(scaled_leaky_relu(self.dense(features.flatten(1).float()))).squeeze(1)


def with_minibatch_stddev(features: Tensor, group: int = GROUP) -> Tensor:
    """Return (N, C, H, W) -> (N, C + 1, H, W).

    The last one tells how much pictures of a group differ (Karras et al. 2018).

    A generator that always draws the same face is so found out. A batch that `group` does not divide is one group.
    """
    count, _, height, width = features.shape
    size = group if count % group == 0 else count
    grouped = features.float().unflatten(0, (size, count // size))
    spread = (grouped.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))  # one for each group
    plane = spread.repeat(size)[:, None, None, None].expand(-1, 1, height, width)
    return torch.cat([features, plane.to(features.dtype)], 1)
