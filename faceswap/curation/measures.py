"""Measurements of face crops (thumbnail, brightness, embedding), cached for the next run."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import CURATION_CACHE
from faceswap.core.landmarks import INNER
from faceswap.curation.inventory import FaceInventory
from faceswap.facenets.protocol import Embedder
from faceswap.media.pictures.crops import read_crop
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.limits import FACE_MEASURES_BYTES, SPARE_BYTES
from faceswap.utils.progress import Progress
from faceswap.utils.untrusted.arrays import Expected, read_npz
from faceswap.utils.untrusted.reading import Untrusted

THUMBNAIL_PX = 32
EMBEDDING = 128
_FACE_PART = 0.6  # the crop's central part, which holds the face without hair and background
_BATCH = 64
_LAYOUT = 4  # raise it when what is stored changes
_STORED = {
    "layout": Expected("i", ()),
    "recogniser": Expected("U", ()),
    "names": Expected("U", (None,)),
    "stamps": Expected("i", (None, 3)),
    "thumbnails": Expected("u", (None, THUMBNAIL_PX, THUMBNAIL_PX)),
    "brightness": Expected("f", (None,)),
    "readable": Expected("b", (None,)),
    "embeddings": Expected("f", (None, None)),
}


@dataclass(frozen=True, eq=False)
class Measures:
    """Of N faces: `thumbnails` (N, 32, 32) uint8 gray, `brightness` (N,) float32 in [0, 255], `readable` (N,) bool.

    `embeddings` (N, 128) float32 are unit vectors, zero where a picture cannot be read; None without an embedder.
    """

    thumbnails: NDArray[np.uint8]
    brightness: NDArray[np.float32]
    readable: NDArray[np.bool_]
    embeddings: NDArray[np.float32] | None


def measure(inventory: FaceInventory, embedder: Embedder | None) -> Measures:
    """Measure all faces of an inventory; what an earlier run has measured, also a stopped one, is not read again."""
    stamps = np.array(
        [_stamp(inventory.path(index), record) for index, record in enumerate(inventory.records)], np.int64
    )
    table = _Table.empty(inventory.files, stamps, embedder is not None)
    recogniser = embedder.description if embedder else ""
    known = table.taken_from(_stored(inventory.folder / CURATION_CACHE, recogniser, len(inventory)))
    todo = np.flatnonzero(~known)
    if len(todo):
        threads = min(4, os.cpu_count() or 1)
        try:
            with ThreadPoolExecutor(threads) as pool, Progress(len(todo), f"measure {inventory.name}", "face") as bar:
                for start in range(0, len(todo), _BATCH):
                    indices = todo[start : start + _BATCH]
                    table.fill(indices, list(pool.map(lambda i: _picture(inventory, i), indices)), inventory, embedder)
                    known[indices] = True
                    bar.advance(len(indices))
        finally:
            if known.any():
                table.rows(known).store(inventory.folder / CURATION_CACHE, recogniser)
    return table.measures()


@dataclass(frozen=True, eq=False)
class _Table:
    """The columns of the file that keeps measures; `stamps` (N, 3) change with a picture or its points."""

    names: NDArray[np.str_]
    stamps: NDArray[np.int64]
    thumbnails: NDArray[np.uint8]
    brightness: NDArray[np.float32]
    readable: NDArray[np.bool_]
    embeddings: NDArray[np.float16]  # (N, 128), or (N, 0) without an embedder

    @classmethod
    def empty(cls, names: Sequence[str], stamps: NDArray[np.int64], embedded: bool) -> _Table:
        count = len(names)
        return cls(
            np.array(names, np.str_),
            stamps,
            np.zeros((count, THUMBNAIL_PX, THUMBNAIL_PX), np.uint8),
            np.zeros(count, np.float32),
            np.zeros(count, bool),
            np.zeros((count, EMBEDDING * embedded), np.float16),
        )

    def taken_from(self, other: _Table | None) -> NDArray[np.bool_]:
        """Return which rows (N,) an older table knew; their values are copied."""
        known = np.zeros(len(self.names), bool)
        if other is None or other.embeddings.shape[1] < self.embeddings.shape[1]:
            return known
        rows = {str(name): row for row, name in enumerate(other.names)}
        theirs = np.array([rows.get(str(name), -1) for name in self.names])
        known = (theirs >= 0) & (other.stamps[theirs] == self.stamps).all(1) if len(rows) else known
        source = theirs[known]
        self.thumbnails[known], self.brightness[known] = other.thumbnails[source], other.brightness[source]
        self.readable[known] = other.readable[source]
        self.embeddings[known] = other.embeddings[source, : self.embeddings.shape[1]]
        return known

    def fill(
        self,
        indices: NDArray,
        pictures: list[NDArray[np.uint8] | None],
        inventory: FaceInventory,
        embedder: Embedder | None,
    ) -> None:
        there = [(index, picture) for index, picture in zip(indices, pictures, strict=True) if picture is not None]
        for index, picture in there:
            self.thumbnails[index] = _thumbnail(picture)
            self.brightness[index] = self.thumbnails[index].mean()
            self.readable[index] = True
        # Points on one spot, which only a foreign file has, show nobody.
        shown = [
            (i, picture) for i, picture in there if np.ptp(inventory.records[i].crop_points[INNER], axis=0).max() > 1
        ]
        if embedder is not None and shown:
            points = [inventory.records[index].crop_points for index, _ in shown]
            vectors = embedder.embed([picture for _, picture in shown], points)
            self.embeddings[[index for index, _ in shown]] = vectors

    def rows(self, which: NDArray[np.bool_]) -> _Table:
        """Return the rows for which `which` (N,) is true."""
        return _Table(**{name: column[which] for name, column in vars(self).items()})

    def measures(self) -> Measures:
        embeddings = None
        if self.embeddings.shape[1]:
            embeddings = self.embeddings.astype(np.float32)
            embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-6)
        return Measures(self.thumbnails, self.brightness, self.readable, embeddings)

    def store(self, path: Path, recogniser: str) -> None:
        with atomic_path(path) as temp, open(temp, "wb") as file:
            np.savez(file, layout=_LAYOUT, recogniser=recogniser, **vars(self))


def _stored(path: Path, recogniser: str, count: int) -> _Table | None:
    """Return the table of an earlier run over about `count` faces.

    None when there is none that can be used, or when another embedder looked.
    """
    try:
        found = read_npz(path, _STORED, most_bytes=16 * SPARE_BYTES + count * FACE_MEASURES_BYTES)
    except (OSError, Untrusted):
        return None
    if int(found.pop("layout")) != _LAYOUT or (str(found.pop("recogniser")) != recogniser and recogniser):
        return None
    table = _Table(**found)
    alike = all(len(column) == len(table.names) for column in found.values())
    if not alike or table.embeddings.shape[1] not in (0, EMBEDDING):
        return None
    return table if np.isfinite(table.embeddings).all() and np.isfinite(table.brightness).all() else None


def _stamp(path: Path, record: FaceRecord) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError as error:
        raise UserError(f"{path} is gone meanwhile; give the command again") from error
    return stat.st_size, stat.st_mtime_ns, zlib.crc32(record.crop_points.tobytes())


def _picture(inventory: FaceInventory, index: int) -> NDArray[np.uint8] | None:
    """Return the crop (S, S, 3) as wide as its record says; None when the file is no picture, or no square one."""
    try:
        return read_crop(inventory.path(index), inventory.records[index].size_px)
    except UserError:
        return None


def _thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    margin = round(picture.shape[0] * (1 - _FACE_PART) / 2)
    face = picture[margin : picture.shape[0] - margin, margin : picture.shape[1] - margin]
    gray = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(gray, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA), np.uint8)
