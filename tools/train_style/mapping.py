"""python -m tools.train_style.mapping OUT CROPS: a mapping that ends where the encoder finds faces.

CROPS is what tools.train_style.cut wrote. After an adversarial training z of N(0, 1) ends in another, wider cloud of
W than faces are encoded to, and its outskirts are drawn with fringes and smears. Here the mapping alone is made anew,
as the normal distribution of the codes of CROPS, written down as weights: seconds, and no training. Synthesis and
encoder stay to the bit, and so do what styles draw, the encoder's guesses and the directions.
`python -m tools.train_style.ship_mapping` ships it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.stylegan.data.packed import open_pictures
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator, Mapping
from faceswap.stylegan.networks.layers import GAIN, Dense
from faceswap.stylegan.networks.whitening import before_activation
from faceswap.stylegan.training.state import mean_of_w
from faceswap.stylegan.weights.files import load_encoder, load_generator, save_generator
from faceswap.utils.errors import UserError
from tools.train_style.ship import batches

SHIFT = 6.0  # added to z: next to none of N(0, 1) lies below -6, where the hidden layers' leaky ReLU would bend it


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.mapping", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--encoder", type=Path, help="default: the shipped one")
    options = parser.parse_args()
    generator, encoder = load_generator(options.generator), load_encoder(options.encoder)
    codes = encoded(encoder, open_pictures(options.crops, generator.resolution, options.out.parent, "CROPS").seen)
    fit_mapping(generator, codes)
    print(save_generator(generator, options.out, {"from": "python -m tools.train_style.mapping", "crops": len(codes)}))


@torch.no_grad()
def encoded(encoder: Encoder, seen: NDArray[np.uint8]) -> Tensor:
    """Return the w (N, w_size) of pictures (N, R, R, 3), one for all rows of a face."""
    return torch.cat([encoder(batch, shared=True)[:, 0] for batch in batches(seen)])


@torch.no_grad()
def fit_mapping(generator: Generator, codes: Tensor) -> None:
    """Give the generator a mapping that spreads z of N(0, 1) as a normal distribution spreads the codes (N, w_size).

    As they were before the last layer's leaky ReLU, that is: there codes are about normal (Zhu et al. 2020,
    "Improved StyleGAN Embedding"). The hidden layers pass z on, moved to where a leaky ReLU is straight; z of
    fewer numbers than w take the widest axes.

    Raises:
        UserError: The codes are too few for a distribution, or the mapping has no hidden layer.
    """
    mapping = Mapping(generator.z_size, generator.w_size, generator.settings["mapping_layers"])
    if mapping.layers < 2:
        raise UserError("a mapping of one layer cannot be fitted: it takes two or more")
    if len(codes) <= generator.w_size:
        raise UserError(
            f"{len(codes)} crops are too few for a distribution of {generator.w_size} numbers: take ten times as many"
        )
    before = before_activation(codes) / GAIN
    mean = before.mean(0)
    variances, axes = torch.linalg.eigh((before - mean).double().T.cov())
    spread = (axes * variances.clamp(min=0).sqrt()).flip(1).float()
    spread[:, generator.z_size :] = 0
    first, *onward, last = (getattr(mapping, f"fc{number}") for number in range(mapping.layers))
    set_dense(first, torch.eye(generator.w_size, generator.z_size), torch.full_like(mean, SHIFT))
    for layer in onward:
        set_dense(layer, torch.eye(generator.w_size) / GAIN, torch.zeros_like(mean))
    set_dense(last, spread / GAIN, mean - SHIFT * spread.sum(1))
    generator.mapping = mapping.eval().requires_grad_(False)
    generator.mapping.w_avg.copy_(mean_of_w(generator))


def set_dense(layer: Dense, weight: Tensor, bias: Tensor) -> None:
    """Make a layer compute x @ weight.T + bias: what it stores is scaled when used."""
    with torch.no_grad():
        layer.weight.fill_(1)
        layer.bias.zero_()
        gain = float(layer(torch.eye(1, weight.shape[1]))[0, 0])
        layer.bias.fill_(1)
        bias_gain = float(layer(torch.zeros(1, weight.shape[1]))[0, 0])
        layer.weight.copy_(weight / gain)
        layer.bias.copy_(bias / bias_gain)


if __name__ == "__main__":
    main()
