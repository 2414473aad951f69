"""python -m tools.train_style.cut_pairs OUT SET [SET ...]: crops of a counterfactual set, and a table of its pairs.

OUT/seen.npy and targets.npy are as `tools.train_style.cut` writes them, OUT/pairs.csv is as `faceswap.directions
from=pairs` reads it (rows of seen.npy before and after, the step of each factor, the person); the same for people that
no training sees in OUT/held_out.

A moved face is cut by the points of the face before, and stands before the same wall: what nothing has moved stays
where it is, to the pixel. Only a head that is turned or has another shape is cut by its own points, as a photo of it
would be: a generator draws faces that are aligned, and a man's head need not grow in its picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.stylegan.data.alignment import frame_to_style_for
from faceswap.stylegan.data.pairs import PAIRS_FILE
from faceswap.utils.files.atomic import write_text
from faceswap.utils.progress import Progress
from tools.people.counterfactual import FACTORS
from tools.train_eyes.data import Faces
from tools.train_style.cut import HELD_OUT, laid_before, styled, wall_of, write_crops

ALIGNED_ANEW = ("yaw", "pitch", "age", "gender")


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", type=Path, nargs="+", help="written by tools.people dataset --counterfactual")
    parser.add_argument("--side", type=int, default=64, help="of the crops, px")
    arguments = parser.parse_args()
    faces = Faces(*arguments.sets)
    for indices, folder in ((faces.training, arguments.out), (faces.validation, arguments.out / HELD_OUT)):
        cut_pairs(faces, indices, folder, arguments.side)


def cut_pairs(faces: Faces, indices: NDArray[np.int64], out: Path, side_px: int) -> None:
    """Write the crops at `indices`, where a face before its moves comes ahead of those after them, and the pairs."""
    seen = np.empty((len(indices), side_px, side_px, 3), np.uint8)
    targets = np.empty_like(seen)
    names = [factor.name for factor in FACTORS]
    table = [",".join(("before", "after", "person", *names))]
    before: tuple[int, NDArray, NDArray | None] | None = None  # its row, similarity and wall
    with Progress(len(indices), "cut", "face") as progress:
        for place, index in enumerate(indices):
            row = faces.rows[index]
            own = not row["factor"] or row["factor"] in ALIGNED_ANEW
            matrix = frame_to_style_for(faces.points[index], side_px) if own or before is None else before[1]
            seen[place], share = styled(faces, int(index), matrix, side_px)
            wall = wall_of(seen[place], share) if own or before is None else before[2]
            targets[place] = seen[place] if wall is None else laid_before(wall, seen[place], share)
            if not row["factor"]:
                before = place, matrix, wall
            elif before is not None:
                steps = [str(row["step"]) if name == row["factor"] else "" for name in names]
                table.append(",".join((str(before[0]), str(place), str(row["person"]), *steps)))
            progress.advance()
    write_crops(out, seen, targets, [json.dumps(faces.rows[index]) for index in indices])
    write_text(out / PAIRS_FILE, "\n".join(table) + "\n")


if __name__ == "__main__":
    main()
