"""Detection of whether another program's landmarks count frames from 0 or from 1."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import face_size
from faceswap.core.landmarks import INNER
from faceswap.core.values import Face, Frame
from faceswap.media.reading import read_frames
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

COMPARED_FRAMES = 24  # frames that are compared
FEWEST_FRAMES = 4
CLEARLY = 1.3  # times closer must one way of counting fit than the other
LAST_LOOKED_AT = 3000  # decoding on for longer would cost more than the answer
_LEAST_STEP = 0.004  # of a face's size from one frame to the next: a still face tells nothing

# Reads the points (68, 2) that a frame shows near given ones (68, 2), and how sure it is of a face there, in [0, 1].
Reader = Callable[[Frame, NDArray], tuple[NDArray, float]]

log = logging.getLogger(__name__)


def first_number(
    faces: Mapping[int, Sequence[Face]], source: SourceInfo, path: Path, reader: Callable[[], Reader]
) -> int:
    """Return the number of a film's first frame in `faces`, which are numbered by another program: 0 or 1.

    A frame 0 settles it, and one past the film's end; else the pictures do: where faces move, the points fit the frame
    that they were read in better than its neighbour.

    Args:
        faces: The faces by the other program's frame numbers.
        source: The film.
        path: The landmark file, for messages.
        reader: Makes what reads points, when it comes to that.

    Returns:
        0 or 1.

    Raises:
        UserError: Neither can be told; `finder.first=` asks for it.
    """
    if 0 in faces:
        return 0
    if source.frame_count and max(faces) == source.frame_count:
        log.info("%s counts frames from 1: its last one is number %d of %d", path, max(faces), source.frame_count)
        return 1
    try:
        first = _shown_by_pictures(faces, source, reader())
    except UserError as error:
        raise _undecided(path, str(error)) from error
    if first is None:
        raise _undecided(path, "the pictures fit both")
    log.info("%s counts frames from %d, as the pictures show; finder.first= says otherwise", path, first)
    return first


def _undecided(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path}: it cannot be told whether its frames are counted from 0 or from 1 ({reason}); say finder.first=0 or "
        "finder.first=1 (ffmpeg and DeepFaceLab count from 1)"
    )


def _shown_by_pictures(faces: Mapping[int, Sequence[Face]], source: SourceInfo, read: Reader) -> int | None:
    """Return 0 or 1, None when both fit."""
    chosen = _telling(faces)
    needed = {number - back for number in chosen for back in (0, 1)}
    frames = _frames(source, needed)
    there = [number for number in chosen if number in frames and number - 1 in frames]
    if len(there) < FEWEST_FRAMES:
        return None
    errors = np.array([_errors(faces[number][0].points, frames[number], frames[number - 1], read) for number in there])
    from_zero, from_one = _spread(errors[:, 0]), _spread(errors[:, 1])
    if from_one > CLEARLY * from_zero:
        return 0
    return 1 if from_zero > CLEARLY * from_one else None


def _telling(faces: Mapping[int, Sequence[Face]]) -> list[int]:
    """Return numbers of frames with one face that moves most from the frame before, or to the one after."""
    alone = {number: found[0] for number, found in faces.items() if len(found) == 1 and 1 <= number <= LAST_LOOKED_AT}

    def step(number: int) -> float:
        here = alone[number].points
        near = [alone[other].points for other in (number - 1, number + 1) if other in alone]
        size = max(face_size(here), 1.0)
        return max((float(np.linalg.norm((here - other).mean(0))) / size for other in near), default=0.0)

    moving = sorted((number for number in alone if step(number) >= _LEAST_STEP), key=step, reverse=True)
    return sorted(moving[:COMPARED_FRAMES])


def _frames(source: SourceInfo, numbers: Collection[int]) -> dict[int, Frame]:
    if not numbers:
        return {}
    stream = read_frames(source, max(0, min(numbers)), max(numbers) + 1)
    return {frame.index: frame for frame in stream if frame.index in numbers}


def _errors(points: NDArray, here: Frame, before: Frame, read: Reader) -> list[NDArray]:
    """Return how far the inner points that the two frames show are from `points`, (2, 51, 2) in sizes of the face."""
    size = max(face_size(points), 1.0)
    errors = []
    for frame in (here, before):
        seen, certainty = read(frame, points)
        # Where no face is, the points are as wrong as can be.
        errors.append((seen - points)[INNER] / size if certainty > 0.5 else np.full((len(points[INNER]), 2), np.nan))
    return errors


def _spread(errors: NDArray) -> float:
    """Return how much errors (N, 51, 2) vary from frame to frame.

    What two programs always see otherwise does not count.
    """
    found = ~np.isnan(errors).any((1, 2))
    if not found.any():
        return float("inf")
    shifts = errors[found].mean(1)
    steady = np.median(shifts, axis=0)
    away = np.linalg.norm(shifts - steady, axis=1)
    return float(np.concatenate([away, np.full((~found).sum(), 1.0)]).mean())
