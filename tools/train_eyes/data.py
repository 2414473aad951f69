"""The training set as memory-mapped arrays: packed once from what `python -m tools.people dataset` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.progress import Progress

MISTAKES, MISTAKES_PX = "mistakes.npy", 128  # see tools/train_eyes/mistakes.py


class Faces:
    """Rendered faces of one set, or of several one after another; index i means the same picture everywhere.

    `images` (N, S, S, 3) uint8 RGB and `labels` (N, S, S) uint8 (`tools.people` Label) stay on disk; `points`
    (N, 68, 2) float32 pixels; `visible` (N, 68); `person`, `moment` (N,) seeds; `rows` the manifests' lines;
    `training`, `validation` indices of different people. Raises UserError where a folder holds no whole set.
    """

    def __init__(self, folder: str | Path, *more: str | Path) -> None:
        self.folders = [Path(path) for path in (folder, *more)]
        self._rows_of = [_manifest(path) for path in self.folders]
        self.rows: list[dict[str, Any]] = [row for rows in self._rows_of for row in rows]
        self.person = np.array([row["person"] for row in self.rows])
        self.moment = np.array([row["moment"] for row in self.rows])
        is_training = np.array([row["split"] == "training" for row in self.rows])
        self.training, self.validation = np.flatnonzero(is_training), np.flatnonzero(~is_training)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        return self._packed("images", cv2.IMREAD_COLOR_RGB)

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        return self._packed("labels", cv2.IMREAD_GRAYSCALE)

    @cached_property
    def points(self) -> NDArray[np.float32]:
        return self._from_shards("points").astype(np.float32)

    @cached_property
    def visible(self) -> NDArray[np.bool_]:
        return self._from_shards("visible").astype(bool)

    @cached_property
    def dense(self) -> NDArray[np.float32]:
        """(N, 512, 2) denser points over the face; the first 68 are `points`."""
        return self._from_shards("dense").astype(np.float32)

    @cached_property
    def mistakes(self) -> NDArray[np.uint8]:
        """(n, 128, 128, 3) uint8 windows that a detector took for faces; none before they were collected."""
        path = self.folders[0] / MISTAKES
        return np.load(path, mmap_mode="r") if path.exists() else np.zeros((0, MISTAKES_PX, MISTAKES_PX, 3), np.uint8)

    def _from_shards(self, name: str) -> NDArray:
        values = []
        for folder, rows in zip(self.folders, self._rows_of, strict=True):
            shards: dict[int, NDArray] = {}
            for number in {row["shard"] for row in rows}:
                with np.load(folder / "shards" / f"{number:06d}.npz") as arrays:
                    shards[number] = arrays[name]
            values += [shards[row["shard"]][row["row"]] for row in rows]
        return np.stack(values)

    def _packed(self, name: str, flags: int) -> NDArray[np.uint8]:
        packed = [_packed(folder, rows, name, flags) for folder, rows in zip(self.folders, self._rows_of, strict=True)]
        # what tasks ask of an array of pictures (a row, the length, the shape) is all that Chained has
        return packed[0] if len(packed) == 1 else cast(NDArray[np.uint8], Chained(packed))


class Chained:
    """Arrays of one kind, one after another; item i is a row."""

    def __init__(self, arrays: Sequence[NDArray[np.uint8]]) -> None:
        self._arrays = arrays
        self._ends = np.cumsum([len(array) for array in arrays])
        self.shape = (int(self._ends[-1]), *arrays[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        place = int(np.searchsorted(self._ends, index, "right"))
        return np.asarray(self._arrays[place][index - (self._ends[place - 1] if place else 0)])


def _manifest(folder: Path) -> list[dict[str, Any]]:
    path = folder / "manifest.jsonl"
    if not path.is_file():
        raise UserError(f"{path} is missing: write the set first with python -m tools.people dataset")
    return [json.loads(line) for line in path.read_text().splitlines()]


def _packed(folder: Path, rows: Sequence[dict[str, Any]], name: str, flags: int) -> NDArray[np.uint8]:
    """Return all pictures of a set in one file, made from their own files the first time."""
    path = folder / f"packed-{name}-{len(rows)}.npy"
    if not path.exists():
        of_rows = [Path(row["file"]) for row in rows]
        files = [folder / name / (path.name if name == "images" else f"{path.stem}.png") for path in of_rows]
        first = np.asarray(cv2.imread(str(files[0]), flags))
        with atomic_path(path) as temp, Progress(len(files), f"pack {name}", "picture") as progress:
            array = np.lib.format.open_memmap(temp, "w+", np.uint8, (len(files), *first.shape))
            for index, file in enumerate(files):
                array[index] = cv2.imread(str(file), flags)
                progress.advance()
            array.flush()
            del array
    return np.load(path, mmap_mode="r")
