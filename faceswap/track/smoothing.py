"""Link faces into tracks, and smooth their points without lag, as the frames stream by."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import INNER
from faceswap.core.values import Face, Frame
from faceswap.track.shots import FrameSignature, is_cut
from faceswap.track.tracker import Tracker

T = TypeVar("T")
LEAST_EXTENT_PX = 1.0  # points on one spot have no direction


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """A frame, the faces found in it with their tracks, and whether it begins a shot."""

    frame: Frame
    faces: Sequence[Face]
    cut: bool


def track_faces(
    found: Iterable[tuple[Frame, Sequence[Face]]], tracker: Tracker, before: FrameSignature | None = None
) -> Iterator[TrackedFrame]:
    """Yield each frame with its faces and their tracks; faces without extent, which nobody can align, are left out.

    Args:
        before: What the frame before the first one looked like, if there was one.
    """
    for frame, faces in found:
        signature = FrameSignature.of(frame)
        cut = before is not None and is_cut(before, signature)
        before = signature
        usable = [face for face in faces if np.ptp(face.points[INNER], axis=0).max() > LEAST_EXTENT_PX]
        tracks = tracker.step(usable, cut)
        yield TrackedFrame(frame, [replace(face, track=track) for face, track in zip(usable, tracks, strict=True)], cut)


def smoothed_tracks(stream: Iterable[TrackedFrame], smooth_frames: int) -> Iterator[TrackedFrame]:
    """Yield the same frames, each face's points after a symmetric quadratic filter over `smooth_frames` to both sides.

    So many frames are held back; boxes, scores and tracks stay as they are. Nothing is mixed across a cut or a frame
    without the track; there the window ends. 0: all goes through unchanged.
    """
    if smooth_frames <= 0:
        yield from stream
        return
    for window, now in centred_windows(stream, smooth_frames):
        yield _smoothed(window, now)


def centred_windows(stream: Iterable[T], reach: int) -> Iterator[tuple[Sequence[T], int]]:
    """Yield for each item in order the items around it, up to `reach` to both sides, and its place among them.

    At most 2 reach + 1 items are held; each waits until the `reach` items after it have come.
    """
    window: deque[T] = deque()
    now = 0
    for item in stream:
        window.append(item)
        if len(window) - now > reach:
            yield window, now
            now += 1
        if now > reach:
            window.popleft()
            now -= 1
    for place in range(now, len(window)):
        yield window, place


def quadratic_weights(low: int, high: int) -> NDArray[np.float64]:
    """Return how much the frames low..high (0 is now) count in the quadratic least-squares fit's value at 0.

    Savitzky and Golay 1964. A quadratic follows speed and acceleration, so nods are not flattened as by a plain mean.
    """
    steps = np.arange(low, high + 1, dtype=np.float64)
    powers = steps[:, None] ** np.arange(min(3, len(steps)))
    return np.linalg.pinv(powers)[0]


def _smoothed(window: Sequence[TrackedFrame], now: int) -> TrackedFrame:
    faces = [_smoothed_face(window, now, face) for face in window[now].faces]
    return replace(window[now], faces=faces)


def _smoothed_face(window: Sequence[TrackedFrame], now: int, face: Face) -> Face:
    before: list[NDArray] = []
    for index in range(now, 0, -1):
        points = None if window[index].cut else _points_of(window[index - 1], face.track)
        if points is None:
            break
        before.insert(0, points)
    after: list[NDArray] = []
    for index in range(now + 1, len(window)):
        points = None if window[index].cut else _points_of(window[index], face.track)
        if points is None:
            break
        after.append(points)
    weights = quadratic_weights(-len(before), len(after))
    return replace(face, points=np.tensordot(weights, np.stack([*before, face.points, *after]), 1))


def _points_of(found: TrackedFrame, track: int) -> NDArray[np.float32] | None:
    """Return the points of a track in a frame, None when it is not there, or not alone."""
    points = [face.points for face in found.faces if face.track == track]
    return points[0] if track >= 0 and len(points) == 1 else None
