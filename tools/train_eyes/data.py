"""The training set as memory-mapped arrays: packed once from what `python -m tools.people dataset` writes."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.faces.atomic import atomic_path
from faceswap.faces.errors import UserError
from faceswap.faces.progress import Progress

MISTAKES, MISTAKES_PX = "mistakes.npy", 128  # see tools/train_eyes/mistakes.py


class Faces:
    """Rendered faces with their labels; index i means the same picture everywhere.

    `images` (N, S, S, 3) uint8 RGB and `labels` (N, S, S) uint8 (`tools.people` Label) are memory maps; `points`
    (N, 68, 2) float32 pixels; `visible` (N, 68); `person`, `moment` (N,) seeds; `rows` the manifest's lines;
    `training`, `validation` indices of different people. Raises UserError where no whole set lies in `folder`.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        manifest = self.folder / "manifest.jsonl"
        if not manifest.is_file():
            raise UserError(f"{manifest} is missing: write the set first with python -m tools.people dataset")
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in manifest.read_text().splitlines()]
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
        path = self.folder / MISTAKES
        return np.load(path, mmap_mode="r") if path.exists() else np.zeros((0, MISTAKES_PX, MISTAKES_PX, 3), np.uint8)

    def _from_shards(self, name: str) -> NDArray:
        shards: dict[int, NDArray] = {}
        for number in {row["shard"] for row in self.rows}:
            with np.load(self.folder / "shards" / f"{number:06d}.npz") as arrays:
                shards[number] = arrays[name]
        return np.stack([shards[row["shard"]][row["row"]] for row in self.rows])

    def _packed(self, name: str, flags: int) -> NDArray[np.uint8]:
        path = self.folder / f"packed-{name}-{len(self)}.npy"
        if not path.exists():
            suffix = "jpg" if name == "images" else "png"
            files = [self.folder / name / (Path(row["file"]).stem + "." + suffix) for row in self.rows]
            first = np.asarray(cv2.imread(str(files[0]), flags))
            with atomic_path(path) as temp, Progress(len(files), f"pack {name}", "picture") as progress:
                array = np.lib.format.open_memmap(temp, "w+", np.uint8, (len(files), *first.shape))
                for index, file in enumerate(files):
                    array[index] = cv2.imread(str(file), flags)
                    progress.advance()
                array.flush()
                del array
        return np.load(path, mmap_mode="r")
