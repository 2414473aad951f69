"""Progressive growing (Karras et al. 2018): a generator of twice the resolution that draws as before below."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from faceswap.stylegan.networks.generator import Generator


def grown_generator(generator: Generator, channels: int) -> Generator:
    """Return a generator of twice the resolution: mapping and synthesis so far as they are, and a new block.

    Nothing of it learns; the new block adds nothing yet.

    Args:
        generator: Stays as it is.
        channels: Of the new block.
    """
    settings = generator.settings
    grown = Generator(
        **settings | {"resolution": 2 * generator.resolution, "channels": [*settings["channels"], channels]}
    )
    grown.load_state_dict(generator.state_dict(), strict=False)
    nn.init.zeros_(getattr(grown.synthesis, f"b{grown.resolution}").torgb.weight)
    return grown.eval().requires_grad_(False)


def spread_rows(rows: Tensor, count: int) -> Tensor:
    """Return rows (N, R, w_size) for a generator that takes `count`: new ones are as the last one was."""
    return torch.cat([rows, rows[:, -1:].expand(-1, count - rows.shape[1], -1)], 1)


def drawn_below(generator: Generator, rows: Tensor, base_px: int) -> tuple[Tensor, Tensor]:
    """Return features and pictures of rows (N, rows, w_size) as they are at `base_px`; noise is left out."""
    synthesis, each = generator.synthesis, rows.unbind(1)
    features = image = None
    for number, side in enumerate(synthesis.block_sizes):
        own = each[max(0, 2 * number - 1) : 2 * number + 2]
        features, image = getattr(synthesis, f"b{side}")(features, image, own, "none", None, False)
        if side == base_px:
            break
    assert features is not None and image is not None
    return features, image


def drawn_onward(generator: Generator, features: Tensor, image: Tensor, rows: Tensor) -> Tensor:
    """Return what the last block makes of `drawn_below`'s features and pictures, or of one part of both."""
    block = getattr(generator.synthesis, f"b{generator.resolution}")
    drawn: Tensor = block(features, image, rows.unbind(1)[-3:], "none", None, False)[1]
    return drawn


def drawn_twice(generator: Generator, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return pictures of rows (N, rows, w_size) without the last block, and with it; noise is left out."""
    features, image = drawn_below(generator, rows, generator.resolution // 2)
    return image, drawn_onward(generator, features, image, rows)
