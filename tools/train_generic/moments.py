"""The paired set as pretraining wants it: crops as a face set has them, who is in them, who plays which moment."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import frame_to_crop_for, transform_points, warp_crop
from faceswap.swap.data.face_mask import hull_mask
from faceswap.swap.initialisation.person import PERSON_SIZE, PersonReader
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.pretrained import entry_of
from faceswap.utils.progress import Progress
from tools.train_eyes.data import Faces

_AT_ONCE = 32
MOST_GAIN = 2.5


class Moments:
    """Rendered people, several of whom play each moment; index i means the same picture everywhere.

    `crops` (N, S, S, 4) uint8: upright crops and the face's hull, as training caches a face set; `people` (N, 320):
    what `PersonReader` reads in each picture. `training`, `held_out` (M, k): the pictures of each moment, of people
    that are in one of the two only. `gains` (N, 3): what makes a moment's light like the mean of the moments that the
    same people play, so that a picture's colours are its person's. Raises UserError for a set that is not paired.
    """

    def __init__(self, folder: Path, crop_px: int) -> None:
        self.folder, self.faces = Path(folder), Faces(folder)
        self.crop_px = crop_px
        self.training, self.held_out = self._casts(self.faces.training), self._casts(self.faces.validation)
        if self.training.shape[1] < 2:
            raise UserError(f"{folder}: every moment is played by one person; write a set with --together 4")

    def _casts(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return (M, k) indices, a row a moment; (0, 0) of none."""
        if not len(chosen):
            return np.zeros((0, 0), np.int64)
        moments = self.faces.moment[chosen]
        order = np.argsort(moments, kind="stable")
        _, starts, counts = np.unique(moments[order], return_index=True, return_counts=True)
        together = int(counts.max())
        return np.array([chosen[order][s : s + together] for s in starts[counts == together]])

    @cached_property
    def crops(self) -> NDArray[np.uint8]:
        path = self.folder / f"crops-{self.crop_px}-{len(self.faces)}.npy"
        if not path.exists():
            shape = (len(self.faces), self.crop_px, self.crop_px, 4)
            with atomic_path(path) as temp, Progress(len(self.faces), "cut", "face") as progress:
                array = np.lib.format.open_memmap(temp, "w+", np.uint8, shape)
                for index in range(len(self.faces)):
                    array[index] = self._cut(index)
                    progress.advance()
                array.flush()
                del array
        return np.load(path, mmap_mode="r")

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """(N, 68, 2) in shares of the crop's side."""
        pixels = [transform_points(frame_to_crop_for(face, self.crop_px), face) for face in self.faces.points]
        return np.asarray((np.stack(pixels) + 0.5) / self.crop_px, np.float32)

    def _cut(self, index: int) -> NDArray[np.uint8]:
        points = self.faces.points[index]
        matrix = frame_to_crop_for(points, self.crop_px)
        crop = warp_crop(self._picture(index), matrix, self.crop_px, repeat_border=True)
        return np.dstack([crop, hull_mask(transform_points(matrix, points), self.crop_px)])

    def _picture(self, index: int) -> NDArray[np.uint8]:
        path = self.folder / self.faces.rows[index]["file"]
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        if picture is None:
            raise UserError(f"{path} is missing or no picture; write the set again")
        return np.asarray(picture, np.uint8)

    @cached_property
    def people(self) -> NDArray[np.float32]:
        path = self.folder / f"people-{entry_of('embedder').tag}-{len(self.faces)}.npy"
        if not path.exists():
            reader, rows = PersonReader("cpu"), np.empty((len(self.faces), PERSON_SIZE), np.float32)
            with atomic_path(path) as temp, temp.open("wb") as file, Progress(len(rows), "read", "face") as progress:
                for start in range(0, len(rows), _AT_ONCE):
                    part = range(start, min(start + _AT_ONCE, len(rows)))
                    rows[part] = reader.read([self._picture(i) for i in part], [self.faces.points[i] for i in part])
                    progress.advance(len(part))
                np.save(file, rows)
        return np.load(path)

    @cached_property
    def pictures_of(self) -> dict[int, NDArray[np.int64]]:
        """The pictures of each person, by the person's seed."""
        order = np.argsort(self.faces.person, kind="stable")
        people, starts = np.unique(self.faces.person[order], return_index=True)
        return dict(zip(people.tolist(), np.split(order, starts[1:]), strict=True))

    @cached_property
    def gains(self) -> NDArray[np.float32]:
        gains = np.ones((len(self.faces), 3), np.float32)
        for casts in (self.training, self.held_out):
            light = np.stack([np.mean([self._face_colour(i) for i in cast], 0) for cast in casts])
            together = self.faces.person[casts].min(1)  # people who play one moment play all of theirs together
            for group in np.unique(together):
                of_group = np.flatnonzero(together == group)
                gain = (light[of_group].mean(0) / light[of_group]).clip(1 / MOST_GAIN, MOST_GAIN)
                gains[casts[of_group]] = gain[:, None]
        return gains

    def _face_colour(self, index: int) -> NDArray[np.float64]:
        small = self.crops[index, ::4, ::4]
        return np.maximum(small[..., :3][small[..., 3] > 127].mean(0), 4.0)
