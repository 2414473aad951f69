"""The layers of StyleGAN2 (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN") in plain torch.

Weights are stored as drawn, N(0, 1), and scaled when used by 1/sqrt(fan-in) ("equalised learning rate", Karras et al.
2018): the layout of published weights.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2  # of the leaky ReLU
GAIN = math.sqrt(2)  # keeps the variance through it
TAPS = (1.0, 3.0, 3.0, 1.0)  # of the low-pass filter that goes with every change of resolution


def exact(like: Tensor) -> AbstractContextManager:
    """Return where autocast, if it is on for the device of `like`, leaves precisions as they are."""
    device = like.device.type
    return nullcontext() if device == "meta" else torch.autocast(device, enabled=False)  # there it knows none


def scaled_leaky_relu(features: Tensor, gain: float = GAIN, clamp: float | None = None) -> Tensor:
    """Apply a leaky ReLU times `gain`; values beyond +-`clamp` are cut (keeps half precision in range)."""
    features = functional.leaky_relu(features, SLOPE) * gain
    return features if clamp is None else features.clamp(-clamp, clamp)


class Dense(nn.Module):
    """x @ weight.T + bias with weights scaled when used; `rate` times smaller steps where `rate` < 1."""

    def __init__(self, size_in: int, size_out: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        weight = torch.empty(size_out, size_in)
        if not weight.is_meta:  # where only shapes count, drawing would import torch's compiler: two seconds
            weight = torch.randn(size_out, size_in) / rate
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.full((size_out,), bias / rate))
        self._weight_gain, self._bias_gain = rate / math.sqrt(size_in), rate

    def forward(self, values: Tensor) -> Tensor:
        """Apply the layer in its weights' precision, also under autocast: rounded styles would show in every pixel."""
        with exact(values):  # scaling `values` is cheaper than scaling the weights
            values = values.to(self.weight.dtype) * self._weight_gain
            return functional.linear(values, self.weight, self.bias * self._bias_gain)


def low_pass(channels: int, gain: float, like: Tensor) -> Tensor:
    """Return the 4x4 filter of TAPS for each of `channels` on its own, (channels, 1, 4, 4), summing to `gain`."""
    taps = torch.tensor(TAPS, device=like.device, dtype=like.dtype)
    square = taps[:, None] * taps[None]
    return (square * (gain / square.sum())).expand(channels, 1, 4, 4)


def filtered(features: Tensor, padding: tuple[int, int], gain: float = 1.0) -> Tensor:
    """Apply the low-pass filter at the same resolution; `padding` pixels of zeros before and after each side."""
    before, after = padding
    padded = functional.pad(features, (before, after, before, after))
    return functional.conv2d(padded, low_pass(features.shape[1], gain, features), groups=features.shape[1])


def upsampled(images: Tensor) -> Tensor:
    """Return (N, C, H, W) -> (N, C, 2H, 2W): zeros between the pixels, then the low-pass filter, as one convolution."""
    kernel = low_pass(images.shape[1], 4.0, images)
    return functional.conv_transpose2d(images, kernel, stride=2, padding=1, groups=images.shape[1])


def downsampled(images: Tensor) -> Tensor:
    """Return (N, C, 2H, 2W) -> (N, C, H, W): the low-pass filter at every second pixel, as one convolution.

    In float32 whatever surrounds it: its way back in bfloat16 takes a CPU ten times as long.
    """
    with exact(images):
        kernel = low_pass(images.shape[1], 1.0, images.float())
        return functional.conv2d(images.float(), kernel, stride=2, padding=1, groups=images.shape[1]).to(images.dtype)


def modulated_convolution(
    features: Tensor,
    weight: Tensor,
    styles: Tensor,
    shift: Tensor | None = None,
    *,
    gain: float = 1.0,
    demodulate: bool = True,
    up: bool = False,
    fused: bool = False,
) -> Tensor:
    """Convolve with input channels scaled by each image's own styles (eq. 1-3 of the paper), and add `shift`.

    `features` (N, I, H, W); `weight` (O, I, k, k); `styles` (N, I); `shift` such as bias and noise, as wide as the
    result where it is not 1 wide. `demodulate` brings every output channel back to variance 1, or `gain` squared. `up`
    doubles the sides.

    Args:
        fused: The scales go into each image's own weights (one grouped convolution) instead of onto the features before
            and after: the same numbers, better on some GPUs.
    """
    kind = features.dtype
    if demodulate:
        with exact(features):
            scales = ((styles.square() @ weight.square().sum((2, 3)).t()) + 1e-8).rsqrt() * gain  # (N, O)
    else:
        scales = styles.new_full((1, 1), gain)
    if fused:
        own = weight * styles[:, None, :, None, None] * scales[:, :, None, None, None]
        result = _convolved(features.flatten(0, 1)[None], own.flatten(0, 1).to(kind), up, groups=len(styles))
        result = result.unflatten(1, (len(styles), -1))[0]
        return result if shift is None else result + shift.to(result.dtype)
    result = _convolved(features * styles[:, :, None, None].to(kind), weight.to(kind), up, groups=1)
    scales = scales[:, :, None, None].to(result.dtype)
    return result * scales if shift is None else torch.addcmul(shift.to(result.dtype), result, scales)


def _convolved(features: Tensor, weight: Tensor, up: bool, groups: int) -> Tensor:
    """Return `weight` (groups * O, I, k, k). Doubling the sides is a transposed convolution and a low-pass filter."""
    if not up:
        return functional.conv2d(features, weight, padding=weight.shape[-1] // 2, groups=groups)
    swapped = weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    spread = functional.conv_transpose2d(features, swapped, stride=2, groups=groups)
    return filtered(spread, (1, 1), gain=4.0)
