"""Names and shapes of StyleGAN2 weights: ours (NVIDIA's without the filters), NVIDIA's, rosinality's.

Both others are renamings and reshapings of ours; nothing is flipped, transposed or scaled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from faceswap.stylegan.networks.generator import FIRST_PX, Generator, block_sizes
from faceswap.stylegan.networks.layers import TAPS
from faceswap.utils.limits import GENERATED_SIDE_PX, LAYER_CHANNELS, MAPPING_LAYERS

Shapes = Mapping[str, tuple[int, ...]]


class UnsupportedWeights(ValueError):
    """Weights that are not a StyleGAN2 generator's, or of a kind that is not supported: why, in one line."""


def settings_of(shapes: Shapes) -> dict[str, Any]:
    """Return a generator's settings, but for the clamp, from the names and shapes of its weights.

    Raises UnsupportedWeights.
    """
    if any(name.startswith("synthesis.input.") for name in shapes):
        raise UnsupportedWeights("it is StyleGAN3; StyleGAN2 is supported")
    if "mapping.embed.weight" in shapes:
        raise UnsupportedWeights("it is a generator of several classes; only those of one class are supported")
    try:
        side, channels = FIRST_PX, []
        while f"synthesis.b{side}.torgb.weight" in shapes:
            channels.append(shapes[f"synthesis.b{side}.torgb.weight"][1])
            side *= 2
        layers = sum(name.startswith("mapping.fc") and name.endswith(".weight") for name in shapes)
        w_size, z_size = shapes["mapping.fc0.weight"]
    except (KeyError, IndexError, ValueError) as error:
        raise UnsupportedWeights("it is no StyleGAN2 generator") from error
    settings = {
        "resolution": side // 2,
        "channels": channels,
        "z_size": z_size,
        "w_size": w_size,
        "mapping_layers": layers,
    }
    check_settings(settings)
    return settings


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise UnsupportedWeights for settings that no generator here can have."""
    resolution, channels = settings["resolution"], settings["channels"]
    numbers = [*channels, settings["z_size"], settings["w_size"]]
    if not all(type(number) is int for number in [resolution, settings["mapping_layers"], *numbers]):
        raise UnsupportedWeights("its sizes are no whole numbers")
    if not (2 * FIRST_PX <= resolution <= GENERATED_SIDE_PX and resolution & (resolution - 1) == 0):
        raise UnsupportedWeights(
            f"it draws pictures of {resolution} px; supported are 8 to {GENERATED_SIDE_PX} px, doubled each time"
        )
    if len(channels) != len(block_sizes(resolution)) or not all(1 <= number <= LAYER_CHANNELS for number in numbers):
        raise UnsupportedWeights(f"its sizes are beyond 1 to {LAYER_CHANNELS}")
    if not 1 <= settings["mapping_layers"] <= MAPPING_LAYERS:
        raise UnsupportedWeights(f"{settings['mapping_layers']} mapping layers; 1 to {MAPPING_LAYERS} are supported")


def shapes_of(settings: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return all names of a generator's weights and their shapes, in the order in which a state dict has them."""
    z_size, w_size = settings["z_size"], settings["w_size"]
    shapes: dict[str, tuple[int, ...]] = {"mapping.w_avg": (w_size,)}
    for number in range(settings["mapping_layers"]):
        shapes[f"mapping.fc{number}.weight"] = (w_size, z_size if number == 0 else w_size)
        shapes[f"mapping.fc{number}.bias"] = (w_size,)
    before = 0
    for side, channels in zip(block_sizes(settings["resolution"]), settings["channels"], strict=True):
        block = f"synthesis.b{side}"
        if before:
            shapes |= _layer_shapes(f"{block}.conv0", before, channels, w_size, side)
        else:
            shapes[f"{block}.const"] = (channels, side, side)
        shapes |= _layer_shapes(f"{block}.conv1", channels, channels, w_size, side)
        shapes |= _convolution_shapes(f"{block}.torgb", channels, 3, 1, w_size)
        before = channels
    return shapes


def _layer_shapes(name: str, inputs: int, outputs: int, w_size: int, side: int) -> dict[str, tuple[int, ...]]:
    noise = {f"{name}.noise_strength": (), f"{name}.noise_const": (side, side)}
    return _convolution_shapes(name, inputs, outputs, 3, w_size) | noise


def _convolution_shapes(name: str, inputs: int, outputs: int, kernel: int, w_size: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.weight": (outputs, inputs, kernel, kernel),
        f"{name}.bias": (outputs,),
        f"{name}.affine.weight": (inputs, w_size),
        f"{name}.affine.bias": (inputs,),
    }


def blur() -> Tensor:
    """Return the low-pass filter as both layouts store it, (4, 4), summing to 1."""
    taps = torch.tensor(TAPS)
    return taps[:, None] * taps / sum(TAPS) ** 2


def to_nvidia(generator: Generator) -> dict[str, Tensor]:
    """Return the state dict of a generator in NVIDIA's layout: ours, and the filter on each block and convolution."""
    tensors = dict(generator.state_dict())
    for side in block_sizes(generator.resolution):
        for place in ("", "conv1.") if side == FIRST_PX else ("", "conv0.", "conv1."):
            tensors[f"synthesis.b{side}.{place}resample_filter"] = blur()
    return tensors


def to_rosinality(generator: Generator) -> dict[str, Any]:
    """Return what rosinality's programs load, of a generator without a clamp: {g_ema, latent_avg}."""
    tensors = generator.state_dict()
    renamed = {}
    for name, theirs in rosinality_names(generator.settings).items():
        renamed[theirs] = tensors[name].reshape(rosinality_shape(name, tuple(tensors[name].shape)))
    for number in range(len(block_sizes(generator.resolution)) - 1):
        renamed[f"convs.{2 * number}.conv.blur.kernel"] = blur() * 4
        renamed[f"to_rgbs.{number}.upsample.kernel"] = blur() * 4
    return {"g_ema": renamed, "latent_avg": generator.average}


def rosinality_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return rosinality's name for each of our weights, the average of w left out."""
    names = {}
    for name in shapes_of(settings):
        part, _, rest = name.partition(".")
        if part == "mapping" and rest != "w_avg":
            layer, _, kind = rest.partition(".")
            names[name] = f"style.{int(layer[2:]) + 1}.{kind}"
        elif part == "synthesis":
            block, _, rest = rest.partition(".")
            names[name] = _rosinality_name(int(math.log2(int(block[1:]))), rest)
    return names


def _rosinality_name(power: int, rest: str) -> str:
    """Return rosinality's name of a weight in the block of 2^power px."""
    if rest == "const":
        return "input.input"
    layer, _, kind = rest.partition(".")
    first = power == 2
    number = {"conv0": 2 * power - 6, "conv1": 2 * power - 5, "torgb": power - 3}[layer]
    if kind == "noise_const":
        return f"noises.noise_{number + 1}"
    if layer == "torgb":
        place = "to_rgb1" if first else f"to_rgbs.{number}"
        kinds = {"bias": "bias"}
    else:
        place = "conv1" if first else f"convs.{number}"
        kinds = {"bias": "activate.bias", "noise_strength": "noise.weight"}
    return f"{place}." + (kinds.get(kind) or "conv." + kind.replace("affine", "modulation"))


def rosinality_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape in which rosinality stores our weight `name` of `shape`."""
    kind = name.rpartition(".")[2]
    if name.endswith("torgb.bias"):
        return (1, 3, 1, 1)
    if kind == "noise_const":
        return (1, 1, *shape)
    if kind in ("const", "noise_strength") or (kind == "weight" and len(shape) == 4):
        return (1, *shape)
    return shape


def checked(shapes: Shapes, expected: Shapes, called: Callable[[str], str] = str) -> None:
    """Raise UnsupportedWeights when one of the `expected` weights is missing or has another shape.

    Args:
        called: Gives the name of a weight in the file, for messages.
    """
    for name, shape in expected.items():
        if name not in shapes:
            raise UnsupportedWeights(f"it lacks {called(name)}")
        if tuple(shapes[name]) != shape:
            raise UnsupportedWeights(f"its {called(name)} has the shape {tuple(shapes[name])} instead of {shape}")
