"""python -m tools.train_style.grown_scores GENERATOR CROPS: a grown generator beside itself before, on faces held out.

Frechet distances of samples by two views at both resolutions, and what the encoder's guesses show of the crops: how
much of their detail, and how near they are by the embedder's features. What was drawn before is enlarged. CROPS: the
folder of tools.train_style.cut with people that no training saw.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.engine.accelerator import choose_accelerator
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.data.packed import SEEN_FILE, TARGETS_FILE
from faceswap.stylegan.metrics.frechet import Features, cloud, face_features, frechet_distance
from faceswap.stylegan.networks.encoder import Encoder, grown_encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.growing import drawn_twice
from faceswap.stylegan.weights.files import load_encoder, load_generator
from faceswap.swap.losses.perceptual import Likeness
from faceswap.utils.images import from_signed_range
from tools.train_style.ship import batches, resampled
from tools.train_style.ship_mapping import parser_features
from tools.truth.sharpness import octave_energies

BATCH = 32
Draw = Callable[[Tensor], tuple[Tensor, Tensor]]  # rows -> pictures before (enlarged) and now


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.grown_scores", description=__doc__)
    parser.add_argument("generator", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--encoder", type=Path, help="of the generator before or now; default: the shipped one")
    parser.add_argument("--samples", type=int, default=2000)
    options = parser.parse_args()
    generator, encoder = load_generator(options.generator), load_encoder(options.encoder)
    print(json.dumps(scores(generator, encoder, options.crops, options.samples), indent=1))


def scores(generator: Generator, encoder: Encoder, crops: Path, most: int) -> dict[str, Any]:
    """Return the numbers of a generator that has one block more than that whose `encoder` is given.

    Args:
        generator: Grown.
        encoder: It may see as many pixels as the generator draws now, or half of them.
        crops: seen.npy and targets.npy, as large as the generator's pictures.
        most: Crops and samples that are compared.
    """
    seen, targets = (np.load(crops / name, mmap_mode="r")[:most] for name in (SEEN_FILE, TARGETS_FILE))
    draw = partial(_drawn, generator)
    found: dict[str, Any] = {}
    for name, view in {"frechet_faces": face_features("cpu"), "frechet_classes": parser_features()}.items():
        found |= _distances(name, view, draw, generator, targets)
    return found | _guesses(draw, generator, encoder, seen, targets)


def _drawn(generator: Generator, rows: Tensor) -> tuple[Tensor, Tensor]:
    base, now = drawn_twice(generator, rows)
    before = functional.interpolate(base, scale_factor=2, mode="bicubic", align_corners=False)
    return before.clamp(-1, 1), now.clamp(-1, 1)


@torch.no_grad()
def _distances(
    name: str, view: Features, draw: Draw, generator: Generator, targets: NDArray[np.uint8]
) -> dict[str, Any]:
    """Return Frechet distances at the generator's resolution and at half of it, and between halves of the crops."""
    rng, clouds = torch.Generator().manual_seed(0), dict[str, list[NDArray]]()
    for start in range(0, len(targets), BATCH):
        z = torch.randn(min(BATCH, len(targets) - start), generator.z_size, generator=rng)
        before, now = draw(generator.spread(generator.mapping(z)))
        for key, pictures in {"_before": before, "": now}.items():
            clouds.setdefault(key, []).append(view(pictures).numpy())
            clouds.setdefault(f"_half_size{key}", []).append(view(functional.avg_pool2d(pictures, 2)).numpy())
    real = {"": cloud(view, batches(targets))}
    real["_half_size"] = cloud(view, (functional.avg_pool2d(batch, 2) for batch in batches(targets)))
    told: dict[str, Any] = {}
    for key, parts in clouds.items():
        of = real["_half_size" if key.startswith("_half_size") else ""]
        told[f"{name}{key}"] = resampled(of, np.concatenate(parts).astype(np.float64)).as_json()
    middle = len(targets) // 2
    return told | {f"{name}_between_real_halves": frechet_distance(real[""][:middle], real[""][middle:])}


@torch.no_grad()
def _guesses(
    draw: Draw, generator: Generator, encoder: Encoder, seen: NDArray[np.uint8], targets: NDArray[np.uint8]
) -> dict[str, Any]:
    """Return how near guesses come to crops, before and now: colours, features, likeness, detail by octave."""
    encoder = grown_encoder(encoder, generator.resolution, generator.rows)
    features, view = (
        Likeness(perceptual=1.0).build(STYLE_COVERAGE, choose_accelerator("cpu", "fp32")),
        face_features("cpu"),
    )
    assert features is not None
    side = generator.resolution
    box = (slice(side // 4, side * 7 // 8), slice(side // 5, side * 4 // 5))  # the face of a style crop
    sums: dict[str, list[Any]] = {}
    for inputs, wanted in zip(batches(seen), batches(targets), strict=True):
        everywhere = torch.ones_like(wanted[:, :1])
        for key, pictures in zip(("_before", ""), draw(encoder(inputs)), strict=True):
            distance = features((pictures + 1) / 2, (wanted + 1) / 2, everywhere)["perceptual"]
            likeness = torch.cosine_similarity(view(pictures), view(wanted))
            told = {
                "guess_l1": float((pictures - wanted).abs().mean()) / 2,
                "guess_perceptual": float(distance),
                "guess_likeness": float(likeness.mean()),
            }
            for name, value in told.items():
                sums.setdefault(f"{name}{key}", []).append((len(wanted), value))
            sums.setdefault(f"energy{key}", []).append(_energy(pictures, box))
        sums.setdefault("energy_true", []).append(_energy(wanted, box))
    found: dict[str, Any] = {
        name: round(float(np.average([value for _, value in parts], weights=[count for count, _ in parts])), 4)
        for name, parts in sums.items()
        if not name.startswith("energy")
    }
    true = np.sum(sums["energy_true"], 0)
    for key in ("_before", ""):
        ratios = np.sqrt(np.sum(sums[f"energy{key}"], 0) / true)
        found[f"guess_detail_by_octave{key}"] = [round(float(ratio), 3) for ratio in ratios]
    return found


def _energy(pictures: Tensor, box: tuple[slice, slice]) -> NDArray[np.float64]:
    return np.sum([octave_energies(picture, box) for picture in from_signed_range(pictures)], 0)


if __name__ == "__main__":
    main()
