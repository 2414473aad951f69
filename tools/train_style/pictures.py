"""python -m tools.train_style.pictures: the pictures of docs/stylegan.md, by the shipped generator and its directions.

Each is what one of the commands on that page draws, without starting a process for each. Beside them the numbers of the
directions are printed as the page's table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.pictures.tiles import contact_sheet, draw_labels
from faceswap.stylegan.directions.directions import DirectionSet, load_directions
from faceswap.stylegan.directions.discovery import styles_of
from faceswap.stylegan.gallery.mixing import RANGES, mixed, mixing_grid
from faceswap.stylegan.gallery.sheets import direction_sheet, drawn
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.layer_swap import swapped_layers
from faceswap.stylegan.weights.files import load_generator

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
TILE_PX = 96
MOST_BYTES = 220_000
QUALITY = 74  # of the JPEGs
FACES, LENDERS, PARENTS = (6, 0, 14), (2, 23, 20, 27), (0, 14)  # seeds


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--generator", type=Path, help="default: the shipped one")
    parser.add_argument("--directions", type=Path, help="default: the shipped ones")
    parser.add_argument("--cartoon", type=Path, help="what tools.train_style.cartoon wrote")
    parser.add_argument("--composites", type=Path, nargs="+", help="what faceswap.morph make=composite wrote")
    options = parser.parse_args()
    generator = load_generator(options.generator)
    found = load_directions(options.directions)
    pictures = {"samples": samples(generator), "mixing": mixing(generator), "between": between(generator)}
    face = generator.spread(styles_of(generator, FACES[1:2], 0.7))
    pictures["directions"] = direction_sheet(generator, list(found.directions.values()), face)
    if options.cartoon:
        pictures["cartoon"] = cartoons(generator, load_generator(options.cartoon))
    if options.composites:
        pictures["composite"] = np.hstack([read_image(file) for file in options.composites])
    for name, picture in pictures.items():
        path = options.out / f"stylegan-{name}.jpg"
        write_image(path, picture, quality=QUALITY)
        if path.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {MOST_BYTES}")
        print(path)
    print("\n".join(table(found)))


def samples(generator: Generator) -> NDArray[np.uint8]:
    """Return eight faces, a line for each truncation."""
    lines = [drawn(generator, generator.spread(styles_of(generator, range(8), psi))) for psi in (0.3, 0.7, 1.0)]
    return contact_sheet([face for line in lines for face in line], columns=8, tile_px=TILE_PX)


def mixing(generator: Generator) -> NDArray[np.uint8]:
    """Return a mixing grid for each range, side by side."""
    faces, lenders = (generator.spread(styles_of(generator, seeds, 1.0)) for seeds in (FACES, LENDERS))
    grids = []
    for name in RANGES:
        grid = mixing_grid(generator, faces, lenders, name)
        heading = draw_labels(np.full((22, grid.shape[1], 3), 32, np.uint8), [name], [(0, 0, grid.shape[1], 22)])
        grids += [np.vstack([heading, grid]), np.full((22 + grid.shape[0], 16, 3), 32, np.uint8)]
    whole = np.hstack(grids[:-1])
    width = 1200
    return np.asarray(
        cv2.resize(whole, (width, whole.shape[0] * width // whole.shape[1]), interpolation=cv2.INTER_AREA)
    )


def between(generator: Generator) -> NDArray[np.uint8]:
    """Return the way from one face to another, and below children that take single ranges from the second one."""
    one, other = generator.spread(styles_of(generator, PARENTS, 1.0))
    way = torch.lerp(one, other, torch.linspace(0, 1, 7)[:, None, None])
    shares = [
        {},
        {"all": 0.5},
        *({name: 1.0} for name in RANGES),
        {"coarse": 0.0, "middle": 0.5, "fine": 1.0},
        {"all": 1.0},
    ]
    children = torch.stack([mixed(one, other, share) for share in shares])
    labels = [
        *[f"{share:.0%}" for share in np.linspace(0, 1, 7)],
        "a",
        "half",
        *(f"{name} of b" for name in RANGES),
        "0, 1/2, all",
        "b",
    ]
    return contact_sheet(list(drawn(generator, torch.cat([way, children]))), labels, columns=7, tile_px=96)


def cartoons(people: Generator, other: Generator) -> NDArray[np.uint8]:
    """Return faces, the other generator's of the same styles, and both ways of swapping layers at 16 px."""
    rows = people.spread(styles_of(people, range(8), 1.0))
    makers = (people, other, swapped_layers(people, other, 16), swapped_layers(other, people, 16))
    return contact_sheet([face for maker in makers for face in drawn(maker, rows)], columns=8, tile_px=TILE_PX)


def table(found: DirectionSet) -> Iterator[str]:
    """Yield accuracies and leakage in Markdown."""
    leakage = np.zeros((0, 0)) if found.leakage is None else found.leakage
    measured = list(found.directions)[: len(leakage)]
    yield (
        "| direction | held out, outer tenths % | outer 30 % | all % | "
        + " | ".join(measured)
        + " | own / largest other |"
    )
    yield "| --- |" + " ---: |" * (len(measured) + 4)
    for place, (name, direction) in enumerate(found.directions.items()):
        cells = [f"{100 * direction.accuracy.get(kind, np.nan):.1f}" for kind in ("surest", "confident", "all")]
        if place < len(leakage):
            changes = leakage[place]
            cells += [f"{change:+.2f}" for change in changes]
            cells.append(f"{abs(changes[place]) / np.abs(np.delete(changes, place)).max():.1f}")
        yield f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
