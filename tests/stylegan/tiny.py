"""A generator and an encoder of a few kilobytes, weights as drawn: what they are asked is tested."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from faceswap.stylegan.directions.directions import Direction, DirectionSet, save_directions
from faceswap.stylegan.inversion.config import InversionWeights
from faceswap.stylegan.inversion.perceptual import InversionLoss
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.stylegan.weights.files import generator_hash, save_encoder, save_generator


def tiny_generator(seed: int = 0) -> Generator:
    torch.manual_seed(seed)
    generator = Generator(32, [16] * 4, 32, 32, 2).eval().requires_grad_(False)
    generator.mapping.w_avg.copy_(generator.mapping(draw_z(range(200), 32)).mean(0))
    return generator


def tiny_encoder(generator: Generator) -> Encoder:
    torch.manual_seed(0)
    encoder = Encoder(32, generator.rows, 32, (8, 8, 16))
    encoder.take_mapping(generator.mapping)
    return encoder.eval().requires_grad_(False)


def by_pixels() -> InversionLoss:
    """Compares pixels alone: no network is needed."""
    return InversionLoss(InversionWeights(perceptual=0, identity=0), None)


def tiny_directions(generator: Generator) -> DirectionSet:
    """Return two directions of a tiny generator."""
    axes, owner = np.eye(32, dtype=np.float32), generator_hash(generator)
    return DirectionSet(
        {
            name: Direction(name, axes[i], axes[i].copy(), 2.0, generator=owner)
            for i, name in enumerate(("smile", "age"))
        }
    )


def tiny_files(folder: Path) -> list[str]:
    """The settings that name a generator, its encoder and two directions, written to `folder`."""
    generator = tiny_generator()
    save_generator(generator, folder / "generator.safetensors", {})
    save_encoder(tiny_encoder(generator), folder / "encoder.safetensors", {})
    save_directions(folder / "directions.safetensors", tiny_directions(generator))
    return [f"generator={folder / 'generator.safetensors'}", f"encoder={folder / 'encoder.safetensors'}"]
