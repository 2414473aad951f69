"""How fast faces move, from their tracks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.face_sources.face_source import TargetFace
from faceswap.core.values import Frame


def with_motion(
    located: Iterable[tuple[Frame, Sequence[TargetFace]]],
) -> Iterator[tuple[Frame, Sequence[TargetFace], list[NDArray[np.float32]]]]:
    """Yield frames and faces with the motion (2,) of each face, in pixels a frame; 0 where no neighbour shows it.

    The mean of the way from the frame before and that to the next: one frame is read ahead.
    """
    last: dict[int, NDArray] = {}
    here: tuple[Frame, Sequence[TargetFace]] | None = None
    for frame, faces in located:
        if here is not None:
            yield (*here, _motions(here, last, frame.index, faces))
            last = _by_track(here[1]) if frame.index == here[0].index + 1 else {}
        here = frame, faces
    if here is not None:
        yield (*here, _motions(here, last, -1, ()))


def _motions(
    here: tuple[Frame, Sequence[TargetFace]], last: dict[int, NDArray], next_index: int, after: Sequence[TargetFace]
) -> list[NDArray[np.float32]]:
    following = _by_track(after) if next_index == here[0].index + 1 else {}
    motions = []
    for face in here[1]:
        ways = []
        if face.track >= 0 and face.track in last:
            ways.append((face.points - last[face.track]).mean(0))
        if face.track >= 0 and face.track in following:
            ways.append((following[face.track] - face.points).mean(0))
        motions.append(np.asarray(np.mean(ways, 0) if ways else (0, 0), np.float32))
    return motions


def _by_track(faces: Sequence[TargetFace]) -> dict[int, NDArray]:
    return {face.track: face.points for face in faces}
