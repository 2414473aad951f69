"""Paths of faces through time: gaps bridged, jitter smoothed without lag.

Landmarks found frame by frame tremble by about 1 % of the face, and a pasted face trembles with them. The path of a
track is known before convert starts, so it is smoothed with a symmetric filter: no lag, nothing across a cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.geometry import invert
from faceswap.track.smoothing import quadratic_weights


@dataclass(frozen=True, eq=False)
class TrackPath:
    """One track: `frames` (T,) rising, `points` (T, 68, 2) in frame pixels, `squares` (T, 4).

    A square (centre x, centre y, half axis x, half axis y) is where the crop lies in the frame. It says the same as
    frame_to_crop, a similarity, but in frame pixels, where averaging means something.
    """

    frames: NDArray[np.int64]
    points: NDArray[np.float32]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, records: Sequence[FaceRecord]) -> TrackPath:
        """Return the path of a track's records."""
        records = sorted(records, key=lambda record: record.frame)
        return cls(
            np.array([record.frame for record in records]),
            np.stack([record.points for record in records]),
            np.stack([_square(record.frame_to_crop, record.size_px) for record in records]),
        )

    @property
    def first_frame(self) -> int:
        return int(self.frames[0])

    @property
    def last_frame(self) -> int:
        return int(self.frames[-1])

    def at(self, frame: int) -> TrackPath:
        """Return the one frame of a gapless path."""
        row = slice(frame - self.first_frame, frame - self.first_frame + 1)
        return TrackPath(self.frames[row], self.points[row], self.squares[row])

    def frame_to_crop(self, size_px: int) -> NDArray[np.float64]:
        """Return the similarities (T, 2, 3) into crops of size_px."""
        centre, axis = self.squares[:, :2], self.squares[:, 2:]
        # crop x runs along the axis, crop y along the axis turned by 90 degrees
        scale = size_px / 2 / np.maximum((axis**2).sum(1), 1e-12)
        cos, sin = axis[:, 0] * scale, axis[:, 1] * scale
        linear = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], 1)
        shift = (size_px - 1) / 2 - np.einsum("tij,tj->ti", linear, centre)
        return np.concatenate([linear, shift[..., None]], 2)


def bridged(path: TrackPath, fill_frames: int) -> list[TrackPath]:
    """Return the path with every frame present, linearly between neighbours.

    Parted where more are missing than that.
    """
    breaks = np.flatnonzero(np.diff(path.frames) > fill_frames + 1) + 1
    parts = np.split(np.arange(len(path.frames)), breaks)
    return [_filled(path, part) for part in parts]


def smoothed(path: TrackPath, smooth_frames: int) -> TrackPath:
    """Return a gapless path after a symmetric quadratic filter over `smooth_frames` to both sides.

    Savitzky and Golay 1964.     A quadratic follows speed and acceleration, so nods are not flattened as by a plain
    mean. Near the ends the window is cut and the fit is made on what is there.
    """
    count = len(path.frames)
    if smooth_frames <= 0 or count < 4:
        return path
    points, squares = np.empty_like(path.points), np.empty_like(path.squares)
    kernel = quadratic_weights(-smooth_frames, smooth_frames)
    for i in range(count):
        low, high = max(-smooth_frames, -i), min(smooth_frames, count - 1 - i)
        weights = kernel if high - low == 2 * smooth_frames else quadratic_weights(low, high)
        window = slice(i + low, i + high + 1)
        points[i] = np.tensordot(weights, path.points[window], 1)
        squares[i] = weights @ path.squares[window]
    return TrackPath(path.frames, points, squares)


def _filled(path: TrackPath, part: NDArray[np.int64]) -> TrackPath:
    known = path.frames[part]
    frames = np.arange(known[0], known[-1] + 1)
    after = np.searchsorted(known, frames)
    before = np.where(known[after] == frames, after, after - 1)
    span = np.maximum(known[after] - known[before], 1)
    share = (frames - known[before]) / span
    points, squares = path.points[part], path.squares[part]
    return TrackPath(
        frames,
        points[before] + share[:, None, None].astype(np.float32) * (points[after] - points[before]),
        squares[before] + share[:, None] * (squares[after] - squares[before]),
    )


def _square(frame_to_crop: NDArray, size_px: int) -> NDArray[np.float64]:
    to_frame = invert(frame_to_crop)
    middle = (size_px - 1) / 2
    centre = to_frame[:, :2] @ [middle, middle] + to_frame[:, 2]
    return np.concatenate([centre, to_frame[:, 0] * size_px / 2])
