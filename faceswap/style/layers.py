"""The layers of StyleGAN2 (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN") in plain torch.

Weights are stored as drawn, N(0, 1), and scaled when used by 1/sqrt(fan-in) ("equalised learning rate", Karras et al.
2018): the layout of published weights.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2  # of the leaky ReLU
GAIN = math.sqrt(2)  # keeps the variance through it
TAPS = (1.0, 3.0, 3.0, 1.0)  # of the low-pass filter that goes with every change of resolution


def leaky(features: Tensor, gain: float = GAIN, clamp: float | None = None) -> Tensor:
    """Leaky ReLU times `gain`; values beyond +-`clamp` are cut (keeps half precision in range)."""
    features = functional.leaky_relu(features, SLOPE) * gain
    return features if clamp is None else features.clamp(-clamp, clamp)


class Dense(nn.Module):
    """x @ weight.T + bias with weights scaled when used; `rate` times smaller steps where `rate` < 1."""

    def __init__(self, size_in: int, size_out: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size_out, size_in) / rate)
        self.bias = nn.Parameter(torch.full((size_out,), bias / rate))
        self._weight_gain, self._bias_gain = rate / math.sqrt(size_in), rate

    def forward(self, values: Tensor) -> Tensor:
        return functional.linear(values, self.weight * self._weight_gain, self.bias * self._bias_gain)


def low_pass(channels: int, gain: float, like: Tensor) -> Tensor:
    """The 4x4 filter of TAPS for each of `channels` on its own, (channels, 1, 4, 4), summing to `gain`."""
    taps = torch.tensor(TAPS, device=like.device, dtype=like.dtype)
    square = taps[:, None] * taps[None]
    return (square * (gain / square.sum())).expand(channels, 1, 4, 4)


def filtered(features: Tensor, padding: tuple[int, int], gain: float = 1.0) -> Tensor:
    """Low-pass filtered at the same resolution; `padding` pixels of zeros before and after each side."""
    before, after = padding
    padded = functional.pad(features, (before, after, before, after))
    return functional.conv2d(padded, low_pass(features.shape[1], gain, features), groups=features.shape[1])


def upsampled(images: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, 2H, 2W): zeros between the pixels, then the low-pass filter, as one convolution."""
    kernel = low_pass(images.shape[1], 4.0, images)
    return functional.conv_transpose2d(images, kernel, stride=2, padding=1, groups=images.shape[1])


def downsampled(images: Tensor) -> Tensor:
    """(N, C, 2H, 2W) -> (N, C, H, W): the low-pass filter at every second pixel, as one convolution."""
    kernel = low_pass(images.shape[1], 1.0, images)
    return functional.conv2d(images, kernel, stride=2, padding=1, groups=images.shape[1])


def modulated_convolution(
    features: Tensor, weight: Tensor, styles: Tensor, demodulate: bool = True, up: bool = False, fused: bool = False
) -> Tensor:
    """A convolution whose input channels are scaled by each image's own styles (eq. 1-3 of the paper).

    `features` (N, I, H, W); `weight` (O, I, k, k); `styles` (N, I). `demodulate` brings every output channel back to
    unit variance. `up` doubles the sides. `fused`: the scales go into each image's own weights (one grouped
    convolution) instead of onto the features before and after: the same numbers, better on some GPUs.
    """
    count, channels, height, width = features.shape
    weight, styles = weight.float(), styles.float()
    scales = None
    if demodulate:
        scales = ((styles.square() @ weight.square().sum((2, 3)).t()) + 1e-8).rsqrt()  # (N, O)
    if fused:
        own = weight[None] * styles[:, None, :, None, None]
        if scales is not None:
            own = own * scales[:, :, None, None, None]
        grouped = features.reshape(1, count * channels, height, width)
        result = _convolved(grouped, own.to(features.dtype).flatten(0, 1), up, groups=count)
        return result.unflatten(1, (count, -1))[0]
    result = _convolved(features * styles[:, :, None, None].to(features.dtype), weight.to(features.dtype), up, groups=1)
    return result if scales is None else result * scales[:, :, None, None].to(result.dtype)


def _convolved(features: Tensor, weight: Tensor, up: bool, groups: int) -> Tensor:
    """`weight` (groups * O, I, k, k). Doubling the sides is a transposed convolution and a low-pass filter."""
    if not up:
        return functional.conv2d(features, weight, padding=weight.shape[-1] // 2, groups=groups)
    swapped = weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    spread = functional.conv_transpose2d(features, swapped, stride=2, groups=groups)
    return filtered(spread, (1, 1), gain=4.0)
