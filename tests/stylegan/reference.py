"""The generator of StyleGAN2 once more: in numpy and float64, image by image, each step as the papers define it.

Nothing is shared with the program: zeros are inserted, filters run tap by tap, every image modulates its own weights.
The two ways in read the two layouts that weights are published in.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = dict[str, Array]


def nvidia_image(weights: Weights, z: Array, psi: float, cutoff: int | None, clamp: float | None, noise: bool) -> Array:
    """(3, R, R) of one z (z_size,), from a state dict in NVIDIA's layout."""
    layers = sum(name.startswith("mapping.fc") for name in weights) // 2
    fcs = [(weights[f"mapping.fc{n}.weight"], weights[f"mapping.fc{n}.bias"]) for n in range(layers)]
    w, average = mapped(z, fcs), weights["mapping.w_avg"]
    side, row, features, image = 4, 0, None, None

    def style(name: str, number: int) -> Array:
        near = average + psi * (w - average) if cutoff is None or number < cutoff else w
        return dense(near, weights[f"{name}.affine.weight"], weights[f"{name}.affine.bias"])

    def layer(features: Array, name: str, number: int, up: bool) -> Array:
        kernel = weights[f"{name}.resample_filter"] if up else None
        features = modulated(features, weights[f"{name}.weight"], style(name, number), kernel)
        if noise:
            features = features + weights[f"{name}.noise_const"] * weights[f"{name}.noise_strength"]
        return clipped(scaled_leaky_relu(features + weights[f"{name}.bias"][:, None, None]), clamp)

    while f"synthesis.b{side}.torgb.weight" in weights:
        block = f"synthesis.b{side}"
        if features is None:
            features = weights[f"{block}.const"]
        else:
            features = layer(features, f"{block}.conv0", row, True)
            row += 1
        features = layer(features, f"{block}.conv1", row, False)
        row += 1
        kernel, rgb = weights[f"{block}.torgb.weight"], f"{block}.torgb"
        styles = style(rgb, row) / math.sqrt(kernel.shape[1])
        colours = np.einsum("oi,ihw->ohw", kernel[:, :, 0, 0] * styles, features)
        colours = clipped(colours + weights[f"{rgb}.bias"][:, None, None], clamp)
        image = colours if image is None else doubled(image, weights[f"{block}.resample_filter"] * 4) + colours
        side *= 2
    return image


def rosinality_image(weights: Weights, average: Array, z: Array, psi: float) -> Array:
    """(3, R, R) of one z (z_size,), from rosinality's `g_ema` and `latent_avg`, its noise buffers used."""
    layers = sum(name.startswith("style.") for name in weights) // 2
    w = mapped(z, [(weights[f"style.{n}.weight"], weights[f"style.{n}.bias"]) for n in range(1, layers + 1)])
    w = average + psi * (w - average)

    def style(name: str) -> Array:
        return dense(w, weights[f"{name}.conv.modulation.weight"], weights[f"{name}.conv.modulation.bias"])

    def layer(features: Array, name: str, noise: str) -> Array:
        kernel = weights[f"{name}.conv.weight"][0]
        up = weights.get(f"{name}.conv.blur.kernel")
        scaled = kernel / math.sqrt(kernel[0].size)
        features = modulated(features, scaled, style(name), None if up is None else up / 4)
        features = features + weights[f"{name}.noise.weight"][0] * weights[f"noises.{noise}"][0, 0]
        return scaled_leaky_relu(features + weights[f"{name}.activate.bias"][:, None, None])

    def colours(features: Array, name: str) -> Array:
        kernel = weights[f"{name}.conv.weight"][0, :, :, 0, 0]
        mixed = np.einsum("oi,ihw->ohw", kernel / math.sqrt(kernel.shape[1]) * style(name), features)
        return mixed + weights[f"{name}.bias"][0]

    features = layer(weights["input.input"][0], "conv1", "noise_0")
    image = colours(features, "to_rgb1")
    number = 0
    while f"to_rgbs.{number}.bias" in weights:
        features = layer(features, f"convs.{2 * number}", f"noise_{2 * number + 1}")
        features = layer(features, f"convs.{2 * number + 1}", f"noise_{2 * number + 2}")
        image = doubled(image, weights[f"to_rgbs.{number}.upsample.kernel"]) + colours(features, f"to_rgbs.{number}")
        number += 1
    return image


def mapped(z: Array, layers: list[tuple[Array, Array]]) -> Array:
    """w of a z, by dense layers that learn at a hundredth of the rate."""
    values = z / np.sqrt((z**2).mean() + 1e-8)
    for weight, bias in layers:
        values = scaled_leaky_relu(dense(values, weight, bias, rate=0.01))
    return values


def dense(values: Array, weight: Array, bias: Array, rate: float = 1.0) -> Array:
    return (weight * (rate / math.sqrt(weight.shape[1]))) @ values + bias * rate


def scaled_leaky_relu(values: Array) -> Array:
    return np.where(values > 0, values, 0.2 * values) * math.sqrt(2)


def clipped(values: Array, clamp: float | None) -> Array:
    return values if clamp is None else values.clip(-clamp, clamp)


def modulated(features: Array, weight: Array, styles: Array, up: Array | None) -> Array:
    """Equations 1 to 3 for one image; `up`: the filter (4, 4), summing to 1, where the sides are doubled."""
    own = weight * styles[None, :, None, None]
    own = own / np.sqrt((own**2).sum((1, 2, 3), keepdims=True) + 1e-8)
    if up is None:
        return correlated(padded(features, 1, 1), own)
    # As TensorFlow's transposed convolution: every pixel leaves a print of the kernel, two pixels apart.
    spread = correlated(padded(with_zeros(features)[:, :-1, :-1], 2, 2), own[:, :, ::-1, ::-1])
    return filtered(padded(spread, 1, 1), up * 4)


def doubled(image: Array, kernel: Array) -> Array:
    """Zeros between the pixels and the filter, whose centre lies between two pixels."""
    return filtered(padded(with_zeros(image), 2, 1), kernel)


def with_zeros(image: Array) -> Array:
    spread = np.zeros((len(image), 2 * image.shape[1], 2 * image.shape[2]))
    spread[:, ::2, ::2] = image
    return spread


def padded(image: Array, before: int, after: int) -> Array:
    return np.pad(image, ((0, 0), (before, after), (before, after)))


def filtered(image: Array, kernel: Array) -> Array:
    """Each channel convolved with the same kernel."""
    return tap_by_tap(image, kernel.shape[0], lambda y, x, part: kernel[-1 - y, -1 - x] * part)


def correlated(image: Array, weight: Array) -> Array:
    return tap_by_tap(image, weight.shape[-1], lambda y, x, part: np.einsum("oi,ihw->ohw", weight[:, :, y, x], part))


def tap_by_tap(image: Array, taps: int, of_tap: Callable[[int, int, Array], Array]) -> Array:
    height, width = image.shape[1] - taps + 1, image.shape[2] - taps + 1
    parts = [(y, x, image[:, y : y + height, x : x + width]) for y in range(taps) for x in range(taps)]
    return sum((of_tap(y, x, part) for y, x, part in parts), np.zeros(()))
