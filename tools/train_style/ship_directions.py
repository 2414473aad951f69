"""python -m tools.train_style.ship_directions FILE: puts directions of the shipped generator into pretrained/.

FILE is what `python -m faceswap.directions out=FILE` wrote. The manifest gets their scores: held-out accuracy, how many
times as much an edit moves its own attribute as the one it moves most among the others, and with `--truth` what
`python -m tools.bench edit_truth` measured of that file.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from faceswap.stylegan.directions.directions import SHIPPED, DirectionSet, load_directions
from faceswap.stylegan.weights.files import generator_hash, load_generator
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import enter_pretrained

TOLD = ("perceptual", "perceptual_unedited", "own_reached", "largest_other", "identity", "stray")
PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--truth", type=Path, help="the JSON that the benchmark printed")
    parser.add_argument("--out", type=Path, default=PRETRAINED)
    arguments = parser.parse_args()
    found = load_directions(arguments.file)
    truth = json.loads(arguments.truth.read_text())[str(arguments.file)] if arguments.truth else {}
    found.only_for(generator_hash(load_generator()))
    name = f"{SHIPPED}.safetensors"
    with atomic_path(arguments.out / name) as temp:
        shutil.copyfile(arguments.file, temp)
    recipe = {"command": "python -m faceswap.directions", **found.about}
    enter_pretrained(arguments.out, SHIPPED, name, licence="Apache-2.0", recipe=recipe, scores=scores(found, truth))
    print(arguments.out / name)


def scores(found: DirectionSet, truth: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return what the manifest says of them; `truth`: rows of the benchmark by factor."""
    table: dict[str, float] = {}
    for place, (name, direction) in enumerate(found.directions.items()):
        for kind, share in direction.accuracy.items():
            table[f"{name}_held_out_{kind}_%"] = round(100 * share, 2)
        if found.leakage is not None and place < len(found.leakage):
            changes = np.abs(found.leakage[place])
            table[f"{name}_own_over_others"] = round(float(changes[place] / np.delete(changes, place).max()), 2)
        for key in TOLD if name in truth else ():
            table[f"{name}_{key}"] = truth[name][key]
    return table


if __name__ == "__main__":
    main()
