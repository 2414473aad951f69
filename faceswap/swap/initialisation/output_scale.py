"""Weights of a model that draws more, or fewer, pixels a side than another of the same shape.

The last convolution of such a decoder gives every place of its map a block of pixels (pixel shuffle, Shi et al. 2016):
its rows are (colours, block, block). A larger block begins with each pixel repeated, a smaller one with means, so that
the picture is the same at first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor, nn

from faceswap.swap.models.df_layers import UdDecoder


def fitted_rows(rows: Tensor, count: int, colours: int) -> Tensor:
    """(colours block^2, ...) -> (count, ...), the same for another block; `rows` where neither divides the other."""
    before, after = (math.isqrt(size // colours) for size in (len(rows), count))
    grid = rows.unflatten(0, (colours, before, before)) if colours * before**2 == len(rows) else None
    if grid is None or colours * after**2 != count or max(before, after) % min(before, after):
        return rows
    if after >= before:
        return grid.repeat_interleave(after // before, 1).repeat_interleave(after // before, 2).flatten(0, 2)
    means = grid.unflatten(1, (after, -1)).unflatten(3, (after, -1)).float().mean((2, 4))
    return means.to(rows.dtype).flatten(0, 2)


def output_layers(decoder: nn.Module) -> dict[str, int]:
    """A decoder's convolutions whose values become pixels alone: by name, how many colours each draws."""
    if isinstance(decoder, UdDecoder):
        return {**{f"phases.{number}": 3 for number in range(len(decoder.phases))}, f"mask.{len(decoder.mask) - 1}": 1}
    layers = list(decoder.named_children())[-2:]
    if len(layers) == 2:
        (name, convolution), (_, shuffle) = layers
        if isinstance(convolution, nn.Conv2d) and isinstance(shuffle, nn.PixelShuffle):
            return {name: convolution.out_channels // shuffle.upscale_factor**2}
    return {}


def fitted(given: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """The weights, those of a model's output layers made to draw as many pixels as `model` draws."""
    values = dict(given)
    for part, decoder in model.named_children():
        for layer, colours in output_layers(decoder).items():
            for name in (f"{part}.{layer}.weight", f"{part}.{layer}.bias"):
                own = model.get_parameter(name)
                if name in values and values[name].shape[1:] == own.shape[1:]:
                    values[name] = fitted_rows(values[name], len(own), colours)
    return values
