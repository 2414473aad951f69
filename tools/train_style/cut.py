"""python -m tools.train_style.cut OUT SET [SET ...]: style crops of rendered people, as they are and before a wall.

The wall is the linear gradient that fits the colours of the real background best. A small generator then need not spend
itself on clutter, and the encoder, which sees the clutter, learns to leave it out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import warp_crop
from faceswap.stylegan.data.alignment import frame_to_style_for
from faceswap.stylegan.data.packed import SEEN_FILE, TARGETS_FILE
from faceswap.utils.files.atomic import atomic_path, write_text
from faceswap.utils.progress import Progress
from tools.people.labels import Label
from tools.train_eyes.data import Faces

ACCEPTED = ("none", "glasses", "sunglasses")  # what may be before a face: worn things can become directions
HELD_OUT = "held_out"  # the same of people that no training sees
RIDGE = 20.0  # pixels' worth of pull towards a wall of one colour


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--side", type=int, default=64, help="of the crops, px")
    parser.add_argument("--yaw", type=float, default=40, help="faces turned further are left out, degrees")
    arguments = parser.parse_args()
    faces = Faces(*arguments.sets)
    about = [row["attributes"] for row in faces.rows]
    fits = np.array([abs(row["yaw"]) <= arguments.yaw and row["occluder"] in ACCEPTED for row in about])
    for indices, folder in ((faces.training, arguments.out), (faces.validation, arguments.out / HELD_OUT)):
        cut(faces, indices[fits[indices]], folder, arguments.side)


def cut(faces: Faces, indices: NDArray[np.int64], out: Path, side_px: int) -> None:
    """Write seen.npy and targets.npy (N, side, side, 3) uint8 and crops.jsonl, a line each."""
    seen = np.empty((len(indices), side_px, side_px, 3), np.uint8)
    targets, lines = np.empty_like(seen), []
    with Progress(len(indices), "cut", "face") as progress:
        for place, index in enumerate(indices):
            seen[place], share = styled(faces, index, frame_to_style_for(faces.points[index], side_px), side_px)
            targets[place] = before_wall(seen[place], share)
            lines.append(json.dumps(faces.rows[index]))
            progress.advance()
    write_crops(out, seen, targets, lines)


def styled(
    faces: Faces, index: int, matrix: NDArray[np.float64], side_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.floating]]:
    """Return a picture's crop (S, S, 3) by a similarity from its frame, and the share (S, S, 1) of background in it."""
    seen = warp_crop(faces.images[index], matrix, side_px, repeat_border=True)
    wall = np.repeat((faces.labels[index] == Label.BACKGROUND)[..., None] * np.uint8(255), 3, 2)
    return seen, warp_crop(wall, matrix, side_px, repeat_border=True)[..., :1] / np.float32(255)


def write_crops(out: Path, seen: NDArray[np.uint8], targets: NDArray[np.uint8], lines: Sequence[str]) -> None:
    """Write seen.npy and targets.npy (N, S, S, 3) uint8 and crops.jsonl, a line each."""
    for name, array in ((SEEN_FILE, seen), (TARGETS_FILE, targets)):
        with atomic_path(out / name) as temp:
            np.save(temp, array)
    write_text(out / "crops.jsonl", "\n".join(lines) + "\n")


def before_wall(image: NDArray[np.uint8], share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return `image` (S, S, 3) with a plain wall where `share` (S, S, 1) in [0, 1] says background."""
    wall = wall_of(image, share)
    return image if wall is None else laid_before(wall, image, share)


def wall_of(image: NDArray[np.uint8], share: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """Return the linear gradient (S, S, 3) that fits the background best; None where there is no background."""
    side = image.shape[0]
    across, down = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    terms = np.stack([np.ones_like(across), across, down], 2).reshape(-1, 3)
    weights = (share**4).reshape(-1, 1)  # pixels that the head reaches into say little
    if weights.sum() < 1:
        return None
    square = terms.T @ (terms * weights) + np.diag([1e-3, RIDGE, RIDGE])
    colours = np.linalg.solve(square, terms.T @ (image.reshape(-1, 3) * weights))
    return (terms @ colours).reshape(image.shape).clip(0, 255)


def laid_before(wall: NDArray[np.float64], image: NDArray[np.uint8], share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return `image` (S, S, 3) with the wall where `share` (S, S, 1) in [0, 1] says background."""
    return np.round(image * (1 - share) + wall * share).astype(np.uint8)


if __name__ == "__main__":
    main()
