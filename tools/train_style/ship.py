"""python -m tools.train_style.ship RUN CROPS: the generator and encoder of a run into pretrained/, measured first.

CROPS is the folder that tools.train_style.cut wrote; what is measured is measured on its people that no training saw.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import nn

from faceswap.stylegan.data.packed import SEEN_FILE, TARGETS_FILE
from faceswap.stylegan.metrics.confidence import Measured
from faceswap.stylegan.metrics.frechet import Features, cloud, face_features, frechet_distance, samples
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.training.run_folder import ENCODER_FILE, GENERATOR_FILE
from faceswap.stylegan.training.state import mean_of_w
from faceswap.stylegan.weights.files import (
    SHIPPED_ENCODER,
    SHIPPED_GENERATOR,
    load_encoder,
    load_generator,
    save_encoder,
    save_generator,
)
from faceswap.utils.files.pretrained import enter_pretrained
from faceswap.utils.images import to_signed_range
from tools.train_style.cut import HELD_OUT

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
RESAMPLINGS = 30
log = logging.getLogger(__name__)


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.ship", description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--out", type=Path, default=PRETRAINED)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--mapping", type=Path, help="the generator that tools.train_style.mapping fitted to RUN")
    arguments = parser.parse_args()
    ship(arguments.run, arguments.crops, arguments.out, arguments.samples, arguments.mapping)


def ship(run: Path, crops: Path, out: Path, count: int, fitted: Path | None = None) -> dict[str, Any]:
    """Write both files and their entries in the manifest; gives the scores.

    `fitted`: the generator with another mapping; the encoder keeps the one that its codes were learned with.
    """
    generator, encoder = load_generator(fitted or run / GENERATOR_FILE), load_encoder(run / ENCODER_FILE)
    for part in (generator, encoder):
        halved(part)
    generator.mapping.w_avg.copy_(mean_of_w(generator).half().float())
    if fitted is None:
        encoder.take_mapping(generator.mapping)
    with safe_open(run / GENERATOR_FILE, "pt") as file:
        trained = json.loads(file.metadata()["about"])
    seen, targets = (np.load(crops / HELD_OUT / name, mmap_mode="r") for name in (SEEN_FILE, TARGETS_FILE))
    features = face_features("cpu")
    scores = distances(generator, features, targets, count) | likenesses(generator, encoder, features, seen, targets)
    recipe = {"command": "tools/train_style/README.md", "data": "rendered people (tools/people)", **trained}
    for name, part in ((SHIPPED_GENERATOR, generator), (SHIPPED_ENCODER, encoder)):
        path = out / f"{name}.safetensors"
        save = save_generator if isinstance(part, Generator) else save_encoder
        save(part, path, recipe, torch.float16)
        enter_pretrained(out, name, path.name, licence="Apache-2.0", recipe=recipe, scores=scores)
        print(path)
    return scores


def halved(network: nn.Module) -> None:
    """Rounds all weights to float16, as they travel."""
    for tensor in network.state_dict().values():
        tensor.copy_(tensor.half())


def distances(generator: Generator, features: Features, targets: NDArray, count: int) -> dict[str, Any]:
    """Return Frechet distance of samples from held-out pictures, and of two halves of these: what nobody can beat."""
    count = min(count, len(targets))
    real = cloud(features, batches(targets[:count]))
    drawn = cloud(features, samples(generator, count, 0))
    half = count // 2
    return {
        "frechet_faces": resampled(real, drawn).as_json(),
        "frechet_faces_between_real_halves": frechet_distance(real[:half], real[half:]),
    }


def resampled(real: NDArray, drawn: NDArray) -> Measured:
    """Return the distance with an interval: of the spread of distances of halves drawn at random, about the whole's."""
    rng, value, half = np.random.default_rng(0), frechet_distance(real, drawn), len(real) // 2
    halves = [frechet_distance(rng.permutation(real)[:half], rng.permutation(drawn)[:half]) for _ in range(RESAMPLINGS)]
    # A half's distance varies by about sqrt(2) of the whole's: scaled back, and centred on it.
    low, high = (np.quantile(halves, (0.025, 0.975)) - np.mean(halves)) / np.sqrt(2)
    return Measured(value, value + float(low), value + float(high), len(real))


@torch.no_grad()
def likenesses(
    generator: Generator, encoder: Encoder, features: Features, seen: NDArray, targets: NDArray, count: int = 512
) -> dict[str, Any]:
    """Return how well the encoder's guess draws held-out faces again.

    Error of colours, and cosine of the face features.
    """
    errors, cosines = [], []
    for inputs, wanted in zip(batches(seen[:count]), batches(targets[:count]), strict=True):
        again = generator.synthesis(encoder(inputs)).clamp(-1, 1)
        errors += (again - wanted).abs().mean((1, 2, 3)).div(2).tolist()
        cosines += torch.cosine_similarity(features(again), features(wanted)).tolist()
    return {"guess_l1": round(float(np.mean(errors)), 4), "guess_likeness": round(float(np.mean(cosines)), 3)}


def batches(pictures: NDArray[np.uint8], size: int = 32) -> list[torch.Tensor]:
    """Return the pictures as network inputs, in batches of `size`."""
    return [to_signed_range(np.array(pictures[start : start + size])) for start in range(0, len(pictures), size)]


if __name__ == "__main__":
    main()
