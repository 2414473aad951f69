"""python -m tools.train_style.ship_mapping FILE CROPS: the shipped generator with another mapping into pretrained/.

FILE is what tools.train_style.mapping wrote; what is measured is measured on people of CROPS that it did not see. The
shipped directions live in W, where nothing has changed: they come along, said to belong to the new file.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from faceswap.facenets import parser as face_parser
from faceswap.facenets.loading import load_network
from faceswap.stylegan.data.packed import TARGETS_FILE
from faceswap.stylegan.directions.directions import SHIPPED, DirectionSet, load_directions, save_directions
from faceswap.stylegan.metrics.frechet import Features, face_features
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.training.state import mean_of_w
from faceswap.stylegan.weights.files import SHIPPED_GENERATOR, generator_hash, load_generator, save_generator
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import enter_pretrained, entry_of
from tools.train_style.cut import HELD_OUT
from tools.train_style.ship import PRETRAINED, distances, halved

SIGHT_PX = 128  # of the parser here: pictures of 64 px have no more to show
KEPT = ("guess_l1", "guess_likeness")  # scores of synthesis and encoder, which stay


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.ship_mapping", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--out", type=Path, default=PRETRAINED)
    parser.add_argument("--samples", type=int, default=2000)
    arguments = parser.parse_args()
    targets = np.load(arguments.crops / HELD_OUT / TARGETS_FILE, mmap_mode="r")
    views = {"frechet_faces": face_features("cpu"), "frechet_classes": parser_features()}
    scores = {
        name: value
        for told, view in views.items()
        for name, value in distances_by(load_generator(arguments.file), told, view, targets, arguments.samples).items()
    }
    for path in ship(arguments.file, scores, arguments.out):
        print(path)


def ship(file: Path, scores: dict[str, Any], out: Path) -> list[Path]:
    """Write the generator and the directions that belong to it, and their entries in the manifest.

    Raises:
        UserError: The file draws a style otherwise than the shipped generator does, or they have no common W.
    """
    generator, shipped = load_generator(file), load_generator()
    halved(generator)
    generator.mapping.w_avg.copy_(mean_of_w(generator).half().float())
    if not _same_synthesis(generator, shipped):
        raise UserError(f"{file} has another synthesis than the shipped generator: only its mapping may differ")
    directions = load_directions().only_for(generator_hash(shipped))
    with safe_open(file, "pt") as opened:
        made = json.loads(opened.metadata()["about"])
    before, told = entry_of(SHIPPED_GENERATOR).about, entry_of(SHIPPED).about
    recipe = {**before["recipe"], "mapping": made}
    path = save_generator(generator, out / f"{SHIPPED_GENERATOR}.safetensors", recipe, torch.float16)
    kept = {name: before["scores"][name] for name in KEPT if name in before["scores"]}
    enter_pretrained(out, SHIPPED_GENERATOR, path.name, licence=before["licence"], recipe=recipe, scores=scores | kept)
    along = out / f"{SHIPPED}.safetensors"
    save_directions(along, brought_along(directions, generator))
    enter_pretrained(out, SHIPPED, along.name, licence=told["licence"], recipe=told["recipe"], scores=told["scores"])
    return [path, along]


def brought_along(directions: DirectionSet, generator: Generator) -> DirectionSet:
    """Return the directions as those of a generator whose mapping alone is new: 0 is its own average face."""
    moved = {
        name: dataclasses.replace(
            direction, intercept=-float((torch.from_numpy(direction.normal) * generator.average).sum(-1).mean())
        )
        for name, direction in directions.directions.items()
    }
    return dataclasses.replace(directions, directions=moved).tagged(generator_hash(generator))


def parser_features() -> Features:
    """Return the built-in parser's deepest features (N, 160), means over its view, of style crops: a second opinion."""
    network, _ = load_network("parser", face_parser.ParserNet, "cpu")

    def features(images: Tensor) -> Tensor:
        values = functional.interpolate(images.clamp(-1, 1), (SIGHT_PX, SIGHT_PX), mode="bilinear", antialias=True)
        for stage in (network.stem, *network.down):
            values = stage(values)
        return values.mean((2, 3))

    return features


def _same_synthesis(one: Generator, other: Generator) -> bool:
    ours, theirs = one.synthesis.state_dict(), other.synthesis.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def distances_by(generator: Generator, told: str, view: Features, targets: Any, count: int) -> dict[str, Any]:
    """Return the Frechet distances that `tools.train_style.ship` measures, by another view and under its name."""
    found = distances(generator, view, targets, count)
    return {key.replace("frechet_faces", told): value for key, value in found.items()}


if __name__ == "__main__":
    main()
