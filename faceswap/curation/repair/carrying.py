"""A change of some frames' points carried along the frames between and around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.geometry import invert, transform_points


def shifted(records: Sequence[FaceRecord], by_hand: Mapping[int, NDArray]) -> list[NDArray[np.float32]]:
    """Return the points (68, 2) of each record with the change made by hand, which keeps its place in the face.

    The change of a frame is taken in pixels of the upright crop, so that it moves, turns and grows with the face.
    Between two frames set by hand it goes over in a straight line; before the first and after the last it is held.

    Args:
        records: One a frame, as they were extracted.
        by_hand: Points (68, 2) in frame pixels, by frames of these records.
    """
    of_frame = {record.frame: record for record in records}
    frames = sorted(by_hand)
    changes = np.stack(
        [transform_points(of_frame[n].frame_to_crop, by_hand[n]) - of_frame[n].crop_points for n in frames]
    )
    sizes = np.array([of_frame[n].size_px for n in frames], np.float64)[:, None, None]
    changes = (changes / sizes).reshape(len(frames), -1)
    found = []
    for record in records:
        change = np.array([np.interp(record.frame, frames, column) for column in changes.T])
        points = record.crop_points + change.reshape(-1, 2) * record.size_px
        found.append(transform_points(invert(record.frame_to_crop), points))
    return found


def between(frames: Sequence[int], by_hand: Mapping[int, NDArray]) -> list[NDArray[np.float32]]:
    """Return points (68, 2) for `frames` on straight lines between those set by hand, whatever was found there.

    Args:
        frames: None before the first or after the last of `by_hand`.
        by_hand: Points (68, 2) in frame pixels, by frame.
    """
    known = sorted(by_hand)
    columns = np.stack([np.asarray(by_hand[n], np.float64).ravel() for n in known]).T
    lines = np.stack([np.interp(frames, known, column) for column in columns], 1)
    return [np.asarray(row.reshape(-1, 2), np.float32) for row in lines]
