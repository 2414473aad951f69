"""python -m tools.train_style.ship_grown FILE CROPS: a grown generator in the place of the one it was grown from.

FILE is what tools.train_style.grow wrote; `tools.train_style.grown_scores` measures it on CROPS, whose people no
training saw. Mapping and synthesis up to the old resolution must be those of the shipped generator to the bit: its
encoder then finds the same codes and its directions move them as before, so that both come along, with the new rows of
W+ as the last one was, and said to belong to the new file.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from faceswap.stylegan.directions.directions import (
    SHIPPED,
    Direction,
    DirectionSet,
    load_directions,
    save_directions,
)
from faceswap.stylegan.networks.encoder import grown_encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import (
    SHIPPED_ENCODER,
    SHIPPED_GENERATOR,
    generator_hash,
    load_encoder,
    load_generator,
    save_encoder,
    save_generator,
)
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.pretrained import MANIFEST, enter_pretrained, entry_of
from faceswap.utils.limits import MIB
from faceswap.utils.untrusted.reading import read_json
from tools.train_style.grown_scores import scores
from tools.train_style.ship import PRETRAINED, halved


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_style.ship_grown", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--name", default=SHIPPED_GENERATOR, help="of the generator's file")
    parser.add_argument("--out", type=Path, default=PRETRAINED)
    parser.add_argument("--samples", type=int, default=2000)
    options = parser.parse_args()
    generator = load_generator(options.file)
    halved(generator)
    told = scores(generator, load_encoder(), options.crops, options.samples)
    for path in ship(options.file, told, options.out, options.name):
        print(path)


def ship(file: Path, told: dict[str, Any], out: Path, name: str) -> list[Path]:
    """Write generator, encoder and directions, and their entries in the manifest in place of those before.

    Args:
        file: The grown generator.
        told: Its scores.
        out: The folder of the manifest.
        name: Of the generator; the other two are called after it.

    Raises:
        UserError: The file draws a style otherwise than the shipped generator does.
    """
    generator, shipped = load_generator(file), load_generator()
    halved(generator)
    if generator.resolution <= shipped.resolution or not _same_below(generator, shipped):
        raise UserError(f"{file} was not grown from the shipped generator, or more than its new block has learned")
    directions = load_directions().only_for(generator_hash(shipped))
    encoder = grown_encoder(load_encoder(), generator.resolution, generator.rows)
    before = {kind: entry_of(kind).about for kind in (SHIPPED_GENERATOR, SHIPPED_ENCODER, SHIPPED)}
    with safe_open(file, "pt") as opened:
        grown = json.loads(opened.metadata()["about"])
    recipe = {**before[SHIPPED_GENERATOR]["recipe"], "grown": grown}
    paths = [out / f"{name}{ending}.safetensors" for ending in ("", "-encoder", "-directions")]
    save_generator(generator, paths[0], recipe, torch.float16)
    save_encoder(encoder, paths[1], before[SHIPPED_ENCODER]["recipe"], torch.float16)
    save_directions(paths[2], brought_along(directions, generator))
    _remove(out, set(before), paths)
    enter_pretrained(out, name, paths[0].name, licence=before[SHIPPED_GENERATOR]["licence"], recipe=recipe, scores=told)
    for kind, path in ((SHIPPED_ENCODER, paths[1]), (SHIPPED, paths[2])):
        about = before[kind]
        kept = {key: about[key] for key in ("licence", "recipe", "scores")}
        kept["recipe"] = {**kept["recipe"], "grown": "new rows of W+ as the last one; to the old resolution as before"}
        enter_pretrained(out, path.stem, path.name, **kept)
    return paths


def brought_along(directions: DirectionSet, generator: Generator) -> DirectionSet:
    """Return the directions for a generator with more rows that draws the first ones as before.

    New rows move as the last one does. What scores a face are the rows that were there.
    """
    grown = {name: _with_rows(direction, generator.rows) for name, direction in directions.directions.items()}
    return dataclasses.replace(directions, directions=grown).tagged(generator_hash(generator))


def _with_rows(direction: Direction, rows: int) -> Direction:
    if direction.space == "w":
        return direction
    more = rows - len(direction.step)
    step = np.concatenate([direction.step, np.repeat(direction.step[-1:], more, 0)])
    normal = np.concatenate([direction.normal, np.zeros_like(direction.normal[:1]).repeat(more, 0)])
    # The vectors are stored with a root mean square of 1 over rows: what that takes away goes into the scale, and
    # a score, a mean over more rows, is in units of that scale.
    length = _length(step)
    return dataclasses.replace(
        direction,
        step=(step / length).astype(np.float32),
        normal=(normal / _length(normal)).astype(np.float32),
        scale=direction.scale * length,
        intercept=direction.intercept * float(np.sqrt(len(direction.normal) / rows)),
    )


def _length(vectors: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(vectors.astype(float)) / np.sqrt(len(vectors)))


def _same_below(grown: Generator, before: Generator) -> bool:
    ours, theirs = grown.state_dict(), before.state_dict()
    return all(name in ours and torch.equal(ours[name], value) for name, value in theirs.items())


def _remove(out: Path, names: set[str], written: list[Path]) -> None:
    """Take networks out of the manifest, and their files unless they have just been written anew."""
    files = read_json(out / MANIFEST, MIB)["files"]
    for name in names & files.keys():
        old = out / files.pop(name)["file"]
        if old not in written:
            old.unlink(missing_ok=True)
    write_json(out / MANIFEST, {"files": files})


if __name__ == "__main__":
    main()
