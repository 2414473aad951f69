"""A generator with more channels that draws as before (Net2WiderNet's aim, Chen et al. 2016, by silent channels)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from faceswap.stylegan.networks.generator import Generator


def widened_generator(generator: Generator, channels: Sequence[int], seed: int = 5) -> Generator:
    """Return a generator of more channels whose pictures are those of `generator`; its noise stays.

    New channels begin as chance has them, and nobody listens to them yet: weights from them to the old ones are 0.

    Args:
        generator: Stays as it is.
        channels: At 4, 8, ... px, none of them fewer than before.
        seed: Of the new weights.

    Raises:
        ValueError: There would be fewer.
    """
    before = generator.settings["channels"]
    if len(channels) != len(before) or any(now < then for now, then in zip(channels, before, strict=True)):
        raise ValueError(f"channels {list(channels)} are fewer than {before}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        wider = Generator(**generator.settings | {"channels": list(channels)})
    given, state = generator.state_dict(), wider.state_dict()
    for name, own in state.items():
        _lay_in(name, own, given[name])
    wider.load_state_dict(state)
    return wider.eval().requires_grad_(False)


def _lay_in(name: str, own: Tensor, given: Tensor) -> None:
    """Write the weights of before into a larger tensor that holds new ones."""
    if own.shape == given.shape:
        own.copy_(given)
    elif name.endswith(("conv0.weight", "conv1.weight")):
        outputs, inputs = given.shape[:2]
        own.mul_(given.std() / own.std())  # each filter is scaled to one length: the new ones learn as fast as the old
        own[:outputs] = 0
        own[:outputs, :inputs] = given
    elif name.endswith("torgb.weight"):
        own.zero_()
        own[:, : given.shape[1]] = given * math.sqrt(own.shape[1] / given.shape[1])  # as it is scaled when used
    else:  # styles, biases, the constant: one row for each channel
        if name.endswith("const"):
            own.mul_(given.std() / own.std())
        own[: len(given)] = given
