"""python -m tools.train_style.ship_directions FILE: puts directions of the shipped generator into pretrained/.

FILE is what `python -m faceswap.directions out=FILE` wrote. The manifest gets their scores: held-out accuracy, and how
many times as much an edit moves its own attribute as the one it moves most among the others.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from faceswap.stylegan.directions.directions import SHIPPED, DirectionSet, load_directions
from faceswap.stylegan.weights.files import generator_hash, load_generator
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import enter_pretrained

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    found = load_directions(parser.parse_args().file)
    found.only_for(generator_hash(load_generator()))
    name = f"{SHIPPED}.safetensors"
    with atomic_path(PRETRAINED / name) as temp:
        shutil.copyfile(parser.parse_args().file, temp)
    recipe = {"command": "python -m faceswap.directions", **found.about}
    enter_pretrained(PRETRAINED, SHIPPED, name, licence="Apache-2.0", recipe=recipe, scores=scores(found))
    print(PRETRAINED / name)


def scores(found: DirectionSet) -> dict[str, float]:
    """Return what the manifest says of them."""
    table: dict[str, float] = {}
    for place, (name, direction) in enumerate(found.directions.items()):
        for kind, share in direction.accuracy.items():
            table[f"{name}_held_out_{kind}_%"] = round(100 * share, 2)
        if found.leakage is not None and place < len(found.leakage):
            changes = np.abs(found.leakage[place])
            table[f"{name}_own_over_others"] = round(float(changes[place] / np.delete(changes, place).max()), 2)
    return table


if __name__ == "__main__":
    main()
