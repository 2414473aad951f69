"""The marks of a reference file, one row a face."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.boxes import pairwise_iou

SUFFIX = ".ref.npz"
FILM_SUFFIXES = {".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".mpg"}


@dataclass(frozen=True, eq=False)
class Marks:
    """N marked faces of one film or picture, by frame.

    `frame`, `track` (N,) int; `box` (N, 4) in pixels; `valid` (N,): 1 a face, -1 uncertain: neither required nor
    punished; `points` (N, 68, 2), NaN where there are none; `reliable` (N,) bool: the points can be compared with;
    `roll` (N,) in degrees; `rejected_frame` (M,), `rejected_box` (M, 4): what looked like a face and is none.
    """

    frame: NDArray[np.int64]
    track: NDArray[np.int64]
    box: NDArray[np.float32]
    valid: NDArray[np.int64]
    points: NDArray[np.float32]
    reliable: NDArray[np.bool_]
    roll: NDArray[np.float32]
    rejected_frame: NDArray[np.int64]
    rejected_box: NDArray[np.float32]

    @classmethod
    def read(cls, media: Path, size_px: tuple[int, int] | None = None) -> Marks:
        """Return the marks beside `media`, in the pixels of frames of `size_px` (width, height) if that is told.

        Marks were made on pixels as they are stored; frames are read with square ones.
        """
        with np.load(f"{media}{SUFFIX}", allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            count = len(file["frame"])
            roll = np.nan_to_num(file["pose"][:, 2]) if "pose" in file else np.zeros(count)
            rejected = "rejected_frame" in file
            scale = np.array(size_px) / (meta["width"], meta["height"]) if size_px else np.ones(2)

            def scaled(places: NDArray) -> NDArray[np.float32]:
                pairs = places.reshape(-1, 2).astype(np.float64)
                return ((pairs + 0.5) * scale - 0.5).astype(np.float32)

            return cls(
                frame=file["frame"].astype(np.int64),
                track=file["track"].astype(np.int64),
                box=scaled(file["box"]).reshape(-1, 4),
                valid=file["valid"].astype(np.int64),
                points=scaled(file["lm68"]).reshape(-1, 68, 2),
                reliable=file["lm_ok"].astype(bool),
                roll=roll.astype(np.float32),
                rejected_frame=file["rejected_frame"].astype(np.int64) if rejected else np.zeros(0, np.int64),
                rejected_box=scaled(file["rejected_box"] if rejected else np.zeros((0, 4))).reshape(-1, 4),
            )

    @property
    def side_px(self) -> NDArray[np.float32]:
        """The longer side of each box."""
        return (self.box[:, 2:] - self.box[:, :2]).max(1, initial=0)

    def rows_at(self, frame: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.frame == frame)


def marked_media(folder: Path) -> Iterator[Path]:
    """Yield the media in `folder` and below that have marks beside them, films first, by name."""
    media = [Path(str(path).removesuffix(SUFFIX)) for path in folder.rglob(f"*{SUFFIX}")]
    yield from sorted((path for path in media if path.is_file()), key=lambda path: (not is_film(path), str(path)))


def is_film(media: Path) -> bool:
    """Return whether a file is a film, by its suffix."""
    return media.suffix.lower() in FILM_SUFFIXES


def pairs_by_overlap(boxes: NDArray, marked: NDArray, least: float = 0.3) -> list[tuple[int, int]]:
    """Return (i, j) of boxes (n, 4) and marked boxes (m, 4) that overlap by `least` or more, each used once.

    Closest first.
    """
    if not len(boxes) or not len(marked):
        return []
    overlap = pairwise_iou(boxes, marked)
    pairs: list[tuple[int, int]] = []
    for index in np.argsort(-overlap, axis=None, kind="stable"):
        i, j = divmod(int(index), len(marked))
        if overlap[i, j] < least:
            break
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return pairs
