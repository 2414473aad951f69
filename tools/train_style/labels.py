"""python -m tools.train_style.labels CROPS SET [SET ...]: what the renderer knows of the faces that `cut` wrote.

CROPS/labels.jsonl has a line for each row of seen.npy, named as the attribute network's scores are, for
`python -m faceswap.directions labels=CROPS/labels.jsonl`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.facenets.attributes import COLOURS, NUMBERS, SHARES
from faceswap.stylegan.directions.scoring import luma
from faceswap.utils.files.atomic import write_text
from tools.train_eyes.attributes import picture_labels
from tools.train_eyes.data import Faces


def main() -> None:
    """Run this tool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("crops", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    arguments = parser.parse_args()
    faces = Faces(*arguments.sets)
    place = {json.dumps(row): index for index, row in enumerate(faces.rows)}
    cut = (arguments.crops / "crops.jsonl").read_text(encoding="utf-8").splitlines()
    labels = picture_labels(faces)[[place[json.dumps(json.loads(line))] for line in cut]]
    write_text(arguments.crops / "labels.jsonl", "\n".join(lines(labels)) + "\n")


def lines(labels: NDArray[np.float32]) -> list[str]:
    """Return JSON lines of labels (N, OUTPUTS)."""
    plain = len(NUMBERS) + len(SHARES)
    columns = dict(zip((*NUMBERS, *SHARES), labels[:, :plain].T, strict=True))
    colours = labels[:, plain:].reshape(len(labels), len(COLOURS), 3)
    columns |= {name: luma(colours[:, number]) for number, name in enumerate(COLOURS)}
    return [
        json.dumps({"crop": row} | {name: round(float(column[row]), 4) for name, column in columns.items()})
        for row in range(len(labels))
    ]


if __name__ == "__main__":
    main()
