"""Images/s of the generator at 64 to 1024 px: ours, with each image's own weights, and as the papers write it down."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from faceswap.stylegan.networks.generator import Generator

SIZES = (64, 128, 256, 512, 1024)
SMALL = [128, 128, 96, 64, 32]  # channels of the shipped generator's kind
TARGET_FPS = 5.0  # frames/s that a film is to be edited at


def main(argv: list[str]) -> dict:
    """Return medians over `--runs` rounds in which all ways take turns; prints them as JSON.

    `ours`: scales on the features, channels_last. `fused`: scales in each image's own weights, a grouped convolution.
    `plain`: the same step by step, zeros inserted and filtered on their own, features as torch lays them by default.
    """
    import torch

    parser = argparse.ArgumentParser(prog="style", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="auto")
    options = parser.parse_args(argv)

    from faceswap.engine.accelerator import choose_accelerator
    from faceswap.utils.devices import multiplies_bf16

    torch.set_num_threads(options.threads)
    accelerator = choose_accelerator(options.device)
    result: dict[str, Any] = {**accelerator.describe(), "unit": "images/s", "batch": {}}
    gpu, half = accelerator.device.type == "cuda", multiplies_bf16(accelerator.device)
    for size in options.sizes:
        count = max(1, (2048 if gpu else 256) // size)
        result["batch"][size] = count
        result[f"{size} px"] = _row(_generator(size).to(accelerator.device), count, options.runs, half)
    if 64 in options.sizes:
        small = _generator(64, SMALL).to(accelerator.device)
        result["64 px, few channels"] = row = _row(small, 1, options.runs, half)
        result["met"] = max(row.values()) >= TARGET_FPS
    print(json.dumps(result, indent=2))
    return result


def _generator(size: int, channels: list[int] | None = None) -> Generator:
    import torch

    from faceswap.stylegan.networks.generator import Generator

    torch.manual_seed(0)
    return Generator(size, channels).eval().requires_grad_(False)


def _row(generator: Generator, count: int, runs: int, half: bool) -> dict[str, float]:
    """Return images/s of each way, all fed with the same rows."""
    import torch

    rows = torch.randn(count, generator.rows, generator.w_size, device=generator.average.device)
    ways: dict[str, Callable[[], Tensor]] = {
        "ours": lambda: generator.synthesis(rows),
        "fused": lambda: generator.synthesis(rows, fused=True),
        "plain": lambda: plain_synthesis(generator, rows),
    }
    with torch.inference_mode():
        expected = ways["ours"]()
        assert all((way() - expected).abs().max() < 1e-3 * expected.std() for way in ways.values())
        seconds: dict[str, list[float]] = {name: [] for name in [*ways, *(["ours, bf16"] if half else [])]}
        for _ in range(runs):
            for name, taken in seconds.items():
                with torch.autocast(rows.device.type, torch.bfloat16, enabled=name.endswith("bf16")):
                    taken.append(_seconds(ways[name.partition(",")[0]]))
    return {name: round(count / statistics.median(taken), 2) for name, taken in seconds.items()}


def _seconds(way: Callable[[], Tensor]) -> float:
    begin = time.perf_counter()
    way().sum().item()  # waits for a GPU
    return time.perf_counter() - begin


def plain_synthesis(generator: Generator, rows: Tensor) -> Tensor:
    """Return the same images from the same weights, each formula of the papers a step of its own."""
    import math

    from faceswap.stylegan.networks.layers import scaled_leaky_relu

    features = image = None
    number = 0
    for side in generator.synthesis.block_sizes:
        block: Any = getattr(generator.synthesis, f"b{side}")
        if features is None:
            features = block.const[None].repeat(len(rows), 1, 1, 1)
        else:
            features = scaled_leaky_relu(_layer(block.conv0, features, rows[:, number]))
            number += 1
        features = scaled_leaky_relu(_layer(block.conv1, features, rows[:, number]))
        number += 1
        rgb = block.torgb
        styles = rgb.affine(rows[:, number]) / math.sqrt(rgb.weight.shape[1])
        colours = _own_weights(features, rgb.weight, styles, demodulate=False) + rgb.bias[:, None, None]
        image = colours if image is None else _filtered(_with_zeros(image), (2, 1)) + colours
    assert image is not None
    return image


def _layer(layer: Any, features: Tensor, w: Tensor) -> Tensor:
    styles = layer.affine(w)
    if layer.up:
        spread = _own_weights(_with_zeros(features)[..., :-1, :-1], layer.weight.flip(2, 3), styles, padding=2)
        features = _filtered(spread, (1, 1))
    else:
        features = _own_weights(features, layer.weight, styles)
    return features + layer.noise_const * layer.noise_strength + layer.bias[:, None, None]


def _own_weights(
    features: Tensor, weight: Tensor, styles: Tensor, demodulate: bool = True, padding: int | None = None
) -> Tensor:
    """Return a convolution for each image, with its own weights."""
    import torch
    from torch.nn import functional

    results = []
    for image, style in zip(features, styles, strict=True):
        own = weight * style[:, None, None]
        if demodulate:
            own = own * (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        results.append(functional.conv2d(image[None], own, padding=own.shape[-1] // 2 if padding is None else padding))
    return torch.cat(results)


def _with_zeros(features: Tensor) -> Tensor:
    spread = features.new_zeros(*features.shape[:2], 2 * features.shape[2], 2 * features.shape[3])
    spread[..., ::2, ::2] = features
    return spread


def _filtered(features: Tensor, padding: tuple[int, int]) -> Tensor:
    from faceswap.stylegan.networks.layers import filtered

    return filtered(features, padding, gain=4.0)
