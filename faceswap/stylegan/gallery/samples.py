"""Samples of a generator from seeds, one picture each, and on sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.media.pictures.images import write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.stylegan.gallery.mixing import mixing_grid
from faceswap.stylegan.gallery.sheets import TILE_PX
from faceswap.stylegan.inversion.pipeline import made_with_ai
from faceswap.stylegan.networks.generator import Generator, draw_z, noise_rngs
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.choices import Noise
from faceswap.utils.images import from_signed_range
from faceswap.utils.progress import Progress

SHEET, GRID = "sheet.png", "mixing_{}.png"
SHEET_FACES = 256


@dataclass(frozen=True)
class Sampling:
    """`psi`: how far from the average; `cutoff`: the rows it counts for (None: all); `noise`: of the fine details."""

    psi: float = 0.7
    cutoff: int | None = None
    noise: Noise = "const"


@torch.inference_mode()
def sample(generator: Generator, seed: int, how: Sampling) -> NDArray[np.uint8]:
    """Return the picture (R, R, 3) uint8 RGB of a seed. Alone in its batch, so that others never change a bit of it."""
    z = draw_z([seed], generator.z_size).to(generator.average)
    return from_signed_range(generator(z, how.psi, how.cutoff, how.noise, noise_rngs([seed])))[0]


def write_samples(
    generator: Generator, seeds: Sequence[int], how: Sampling, folder: Path, image_format: str = "png"
) -> Path:
    """Return a picture for each seed in `folder`, and one sheet of them; returns the sheet's path."""
    about = made_with_ai(generator_hash(generator))
    pictures: list[NDArray[np.uint8]] = []
    with Progress(len(seeds), "generate", "face") as bar:
        for seed in seeds:
            picture = sample(generator, seed, how)
            write_image(folder / f"seed{seed:06d}.{image_format}", picture, metadata=about)
            pictures += [picture] if len(pictures) < SHEET_FACES else []
            bar.advance()
    labels = [f"{seed}" for seed in seeds[:SHEET_FACES]]
    write_image(
        folder / SHEET,
        contact_sheet(pictures, labels, tile_px=max(TILE_PX, min(generator.resolution, 256))),
        metadata=about,
    )
    return folder / SHEET


@torch.inference_mode()
def write_grid(
    generator: Generator, seeds: Sequence[int], styles: Sequence[int], how: Sampling, mix: str, folder: Path
) -> Path:
    """Return a line for each of `seeds`, a column for each of `styles`: the one's face with the other's `mix` rows."""
    faces, others = (
        generator.truncated(generator.spread(generator.mapping(z.to(generator.average))), how.psi, how.cutoff)
        for z in (draw_z(seeds, generator.z_size), draw_z(styles, generator.z_size))
    )
    path = folder / GRID.format(mix)
    about = made_with_ai(generator_hash(generator), "the faces in this picture were drawn")
    write_image(path, mixing_grid(generator, faces, others, mix), metadata=about)
    return path
