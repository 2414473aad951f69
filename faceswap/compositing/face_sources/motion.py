"""Alignment by motion: a face's place, averaged over the frames around it along the way its pixels really go.

Landmarks are read anew in each frame and tremble, most of all where something passes before the face; a face pasted by
them trembles too. What the pixels of the face do between two frames is known far better (Lucas and Kanade 1981): the
places that neighbouring frames tell are carried along that motion to the frame in question, and those near their median
are averaged there: a hand that drags landmarks along for some frames is outvoted. A head that moves fast is followed,
since its pixels say so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.face_sources.face_source import TargetFace, WrappedFaces
from faceswap.core.geometry import compose, face_size, invert, transform_points
from faceswap.core.values import Frame
from faceswap.track.smoothing import centred_windows

REACH = 7  # frames to both sides; fewer of frames so large that memory would not hold them
HELD_BYTES = 128e6
PATCH_PX = 128  # in which motion is measured, ...
FACE_SHARE = 0.6  # ... of which the face takes so much
GRID = 8  # by so many points each way
RETURNS_PX = 0.5  # of the patch: so near a point must come back when it is followed back again
INLIER_PX = 0.6
FEWEST, LEAST_SHARE = 10, 0.3  # of points that move as one
NEAR_PLACE = 0.006  # of the crop's side: what lies further from the median of all places counts little
FEWEST_PLACES = 3
LEAST_AGREEING = 0.3  # share of the places that must lie near their median


@dataclass(frozen=True, eq=False)
class MotionAligned(WrappedFaces):
    """Faces of another source, steadied along their motion by up to REACH frames to both sides."""

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]:
        """Yield each frame with its faces."""
        stream = iter(frames)
        first = next(stream, None)
        if first is None:
            return
        reach = max(1, min(REACH, int(HELD_BYTES / first.image.nbytes - 1) // 2))
        frames = itertools.chain([first], stream)
        for window, now in centred_windows(_with_motion(self.faces.locate(frames)), reach):
            around = list(window)[max(0, now - reach) : now + reach + 1]
            yield around[min(now, reach)].frame, _steadied(around, min(now, reach))


@dataclass(frozen=True, eq=False)
class _Seen:
    """A frame with its faces, and by track the motion (2, 3) from the frame before, where it could be measured."""

    frame: Frame
    faces: Sequence[TargetFace]
    motions: dict[int, NDArray] = field(default_factory=dict)

    def face(self, track: int) -> TargetFace | None:
        """Return the face of a track; None where there is none or several."""
        found = [face for face in self.faces if face.track == track]
        return found[0] if track >= 0 and len(found) == 1 else None


def motion_between(before: Frame, after: Frame, points: NDArray) -> NDArray[np.float64] | None:
    """Return the similarity (2, 3) by which the pixels of a face go from one frame to the next; None: not to be told.

    Args:
        before: The frame with `points`.
        after: The next one, of the same size.
        points: (68, 2) of the face.
    """
    centre, size = points.mean(0), face_size(points)
    scale = PATCH_PX * FACE_SHARE / max(size, 1.0)
    to_patch = np.array([[scale, 0, PATCH_PX / 2 - scale * centre[0]], [0, scale, PATCH_PX / 2 - scale * centre[1]]])
    first, second = (_patch(frame, to_patch) for frame in (before, after))
    low, high = transform_points(to_patch, points).min(0), transform_points(to_patch, points).max(0)
    grid = np.stack(np.meshgrid(np.linspace(low[0], high[0], GRID), np.linspace(low[1], high[1], GRID)), -1)
    starts = grid.reshape(-1, 1, 2).astype(np.float32)
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, starts, starts.copy())
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, starts.copy())
    good = (found & found_back).ravel().astype(bool) & (np.linalg.norm(back - starts, axis=2).ravel() < RETURNS_PX)
    if good.sum() < FEWEST:
        return None
    matrix, inliers = cv2.estimateAffinePartial2D(starts[good], there[good], ransacReprojThreshold=INLIER_PX)
    if matrix is None or inliers.sum() < max(FEWEST, LEAST_SHARE * len(starts)):
        return None
    return compose(invert(to_patch), compose(matrix, to_patch))


def _patch(frame: Frame, to_patch: NDArray) -> NDArray[np.uint8]:
    flags = cv2.INTER_AREA if to_patch[0, 0] < 1 else cv2.INTER_LINEAR
    picture = cv2.warpAffine(frame.image, to_patch, (PATCH_PX, PATCH_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _with_motion(located: Iterable[tuple[Frame, list[TargetFace]]]) -> Iterator[_Seen]:
    last: _Seen | None = None
    for frame, faces in located:
        now, motions = _Seen(frame, faces), {}
        if last is not None and frame.index == last.frame.index + 1 and frame.image.shape == last.frame.image.shape:
            for face in faces:
                before = last.face(face.track)
                if before is not None and now.face(face.track) is not None:
                    motion = motion_between(last.frame, frame, before.points)
                    if motion is not None:
                        motions[face.track] = motion
        last = replace(now, motions=motions)
        yield last


def _steadied(around: Sequence[_Seen], now: int) -> list[TargetFace]:
    return [_steadied_face(around, now, face) for face in around[now].faces]


def _steadied_face(around: Sequence[_Seen], now: int, face: TargetFace) -> TargetFace:
    """Return a face with its crop where most of the frames around say, and its points moved along."""
    own = invert(face.frame_to_crop)
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float64) * face.crop_size_px
    places = [own]
    if around[now].face(face.track) is not None:
        carried = _carried(around, now, face.track)
        places += [
            compose(motion, invert(other.frame_to_crop))
            for other, motion in carried
            if other.crop_size_px == face.crop_size_px
        ]
    if len(places) < FEWEST_PLACES:
        return face
    told = np.stack([transform_points(place, corners) for place in places])
    usual, side = np.median(told, axis=0), max(float(np.linalg.norm(told[0, 1] - told[0, 0])), 1e-6)
    away = np.linalg.norm(told - usual, axis=2).mean(1) / side
    weights = np.exp(-0.5 * (away / NEAR_PLACE) ** 2)
    if weights.sum() < LEAST_AGREEING * len(places):
        return face  # nobody knows: a head that turns fast, or motion that was read wrongly
    place = np.tensordot(weights / weights.sum(), np.stack(places), 1)
    points = transform_points(compose(place, face.frame_to_crop), face.points)
    return replace(face, points=points.astype(np.float32), frame_to_crop=invert(place))


def _carried(around: Sequence[_Seen], now: int, track: int) -> Iterator[tuple[TargetFace, NDArray]]:
    """Yield the face in the frames around one, as far as its motion is known, and the way from there to that one."""
    for step in (-1, 1):
        motion, index = np.eye(2, 3), now
        while 0 <= index + step < len(around):
            known = around[index if step < 0 else index + 1].motions.get(track)
            other = around[index + step].face(track)
            if known is None or other is None:
                break
            motion = compose(motion, known if step < 0 else invert(known))
            index += step
            yield other, motion
