"""Training batches: which faces, and how they are warped and coloured.

A batch is a function of (seed, its number) alone. So the sampler's whole state is the number of the next batch, and any
count of workers (batch_stream.py), and any interruption, gives the same batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.engine.process_group import SINGLE_PROCESS, ProcessGroup
from faceswap.swap.data.cache import open_cache
from faceswap.swap.data.colour import STEPS, ColourChange, colour_table
from faceswap.swap.data.recolour import MATCHERS, matched, recoloured
from faceswap.swap.data.regions import regions_in_view
from faceswap.swap.data.warp import Warp, sample_cv2
from faceswap.utils.choices import ColourTransfer


@dataclass(frozen=True, eq=False)
class FaceBatch:
    """N faces of one side, ready for the model: `inputs`, `targets` (N, R, R, 3) RGB and `masks` (N, R, R), uint8.

    `regions` (N, R, R, 2): eyes and mouth of the targets, where they are asked for.
    """

    inputs: NDArray[np.uint8]
    targets: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    regions: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class RawBatch:
    """N faces of one side as numbers, for a GPU to draw (prefetch.py): `faces` (N,), their places in the side's cache.

    `grids` (N, 2, 5, 5, 2): the control grids of input and target (warp.py). `colours` (N, 16, 16, 16, 3) uint8: what
    becomes of every colour (colour.py), None where they stay. `regions`: as in FaceBatch.
    """

    faces: NDArray[np.int64]
    grids: NDArray[np.float32]
    colours: NDArray[np.uint8] | None = None
    regions: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.faces)


@dataclass(frozen=True)
class TrainingFaces:
    """The training faces of one side: a cache file and which of its faces take part.

    `points_file`: their (N, 68, 2) float32 in shares of the crop's side, where somebody needs them.
    """

    cache: Path
    indices: NDArray[np.int64] = field(compare=False)
    points_file: Path | None = None

    @cached_property
    def crops(self) -> NDArray[np.uint8]:
        return open_cache(self.cache)

    @cached_property
    def points(self) -> NDArray[np.float32] | None:
        return None if self.points_file is None else np.load(self.points_file, mmap_mode="r")

    def __getstate__(self) -> dict[str, Any]:  # a worker maps the files itself
        return {"cache": self.cache, "indices": self.indices, "points_file": self.points_file}

    def faces_of(self, batch: int, size: int, seed: Sequence[int]) -> NDArray[np.int64]:
        """The faces of batch number `batch`: shuffled passes over all faces, one after the other.

        A set smaller than a batch appears several times in it, all its faces equally often.
        """
        count = len(self.indices)
        places = np.arange(batch * size, (batch + 1) * size)
        passes = places // count
        orders = {int(p): np.random.default_rng([*seed, int(p)]).permutation(count) for p in np.unique(passes)}
        return self.indices[[orders[int(p)][place % count] for p, place in zip(passes, places, strict=True)]]


@dataclass(frozen=True)
class BatchMaker:
    """Makes batch number n of both sides. `drawn` False leaves warps and colours to the GPU (RawBatch).

    `transfer`: how each face of A takes on the colours of a random face of B. `processes`: the faces of all of them are
    drawn as one batch, of which this one makes its `batch_size`.
    """

    sides: Mapping[str, TrainingFaces]
    batch_size: int
    resolution: int
    coverage: float
    warp: Warp = Warp()
    colour: Sequence[Mapping[str, Any]] = ()
    seed: int = 0
    drawn: bool = True
    transfer: ColourTransfer = "none"
    processes: ProcessGroup = SINGLE_PROCESS

    @cached_property
    def _colour_change(self) -> ColourChange:
        return ColourChange(self.colour)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_colour_change"}

    def make(self, number: int) -> dict[str, FaceBatch | RawBatch]:
        """Batch `number` of every side."""
        return {name: self._make_side(place, side, number) for place, (name, side) in enumerate(self.sides.items())}

    def _make_side(self, place: int, side: TrainingFaces, number: int) -> FaceBatch | RawBatch:
        whole = self.batch_size * self.processes.size
        own = slice(self.batch_size * self.processes.rank, self.batch_size * (self.processes.rank + 1))
        chosen = side.faces_of(number, whole, [self.seed, place])[own]
        rng = np.random.default_rng([self.seed, place, number, 1])
        grids = self.warp.at(number).draw(rng, whole, self.coverage).grids[own]
        colours = rng.integers(2**31, size=whole)[own]
        donors = None
        if self.transfer != "none" and place == 0:
            donors = np.random.default_rng([self.seed, place, number, 2]).choice(self.sides["b"].indices, whole)[own]
        batch: FaceBatch | RawBatch
        if self.drawn:
            crops = [side.crops[face] for face in chosen]
            batch = self._warped(crops if donors is None else self._recoloured(crops, donors), grids, colours)
        else:
            batch = RawBatch(chosen, grids, self._colour_tables(side.crops, chosen, donors, colours))
        return batch if side.points is None else replace(batch, regions=self._regions(side.points[chosen], grids))

    def _regions(self, points: NDArray[np.float32], grids: NDArray[np.float32]) -> NDArray[np.uint8]:
        seen = [regions_in_view(face, both[1], self.resolution) for face, both in zip(points, grids, strict=True)]
        return np.stack(seen)

    def _recoloured(self, crops: list[NDArray[np.uint8]], donors: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
        matcher, shown = MATCHERS[self.transfer](), self.sides["b"].crops
        return [recoloured(crop, shown[donor], matcher) for crop, donor in zip(crops, donors, strict=True)]

    def _warped(
        self, crops: list[NDArray[np.uint8]], grids: NDArray[np.float32], colours: NDArray[np.int64]
    ) -> FaceBatch:
        size = self.resolution
        pictures = np.empty((len(crops), 2 * size, size, 3), np.uint8)  # input above target: coloured as one
        masks = np.empty((len(crops), size, size), np.uint8)
        for place, (crop, both, colour) in enumerate(zip(crops, grids, colours, strict=True)):
            drawn = sample_cv2(crop, both, size)
            self._colour_change.seed(int(colour))
            tall = drawn.reshape(2 * size, size, 4)
            pictures[place] = self._colour_change(cv2.cvtColor(tall, cv2.COLOR_RGBA2RGB))
            masks[place] = drawn[1, ..., 3]
        return FaceBatch(pictures[:, :size], pictures[:, size:], masks)

    def _colour_tables(
        self,
        crops: NDArray[np.uint8],
        faces: NDArray[np.int64],
        donors: NDArray[np.int64] | None,
        colours: NDArray[np.int64],
    ) -> NDArray[np.uint8] | None:
        """What `_warped` does to the colours of each face, done to a table of all colours."""
        if donors is None and self._colour_change.empty:
            return None
        whole = colour_table()
        flat, matcher = whole.reshape(-1, STEPS, 3), MATCHERS[self.transfer]()
        tables = np.empty((len(faces), *whole.shape), np.uint8)
        for place, (face, colour) in enumerate(zip(faces, colours, strict=True)):
            changed = flat
            if donors is not None:
                changed = matched(flat, crops[face], self.sides["b"].crops[donors[place]], matcher)
            self._colour_change.seed(int(colour))
            tables[place] = self._colour_change(changed).reshape(whole.shape)
        return tables
