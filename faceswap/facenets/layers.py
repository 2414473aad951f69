"""Layers that the built-in networks share, and the conversion of images to network input."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def conv_block(channels_in: int, channels_out: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Build convolution -> batch norm -> ReLU; the side is divided by `stride`."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_block(channels, channels),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.activation(features + self.body(features))


def trunk(widths: Sequence[int], residuals: Sequence[int]) -> nn.Sequential:
    """Return stages that each halve the side to `widths[i]` channels and go through `residuals[i]` residual blocks."""
    layers: list[nn.Module] = []
    channels = 3
    for width, count in zip(widths, residuals, strict=True):
        layers += [conv_block(channels, width, stride=2), *(ResidualBlock(width) for _ in range(count))]
        channels = width
    return nn.Sequential(*layers)


def folded(network: nn.Module) -> nn.Module:
    """Return the same function with every batch norm folded into the convolution before it, for inference; in place."""
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        names = list(module._modules)
        for first, second in pairwise(names):
            convolution, norm = module._modules[first], module._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module._modules[first] = torch.nn.utils.fuse_conv_bn_eval(convolution.eval(), norm.eval())
                module._modules[second] = nn.Identity()
    return network.eval()
