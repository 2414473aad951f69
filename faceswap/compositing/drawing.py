"""The middle of a conversion: faces placed in their frames, and drawn by the models of a cast in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.casting import Cast, Role
from faceswap.compositing.collapse import CollapseDetector
from faceswap.compositing.colour import Colours
from faceswap.compositing.compositor import view_of
from faceswap.compositing.face_sources.face_source import FaceSource
from faceswap.compositing.finishing.track_motion import with_motion
from faceswap.compositing.masks.protocol import FrameMask, Mask
from faceswap.core.values import AlignedFace, Decoded, DrawnFaces, Frame

if TYPE_CHECKING:
    from faceswap.swap.detail.refiner import Refiner

FRAMES_HELD_BYTES = 128e6  # what one stage may hold of decoded frames
MOST_FRAMES_HELD = 16


@dataclass(frozen=True, eq=False)
class PlacedFrame:
    """A frame on its way, with the views of its faces, whose roles they play, and what the models made of them."""

    frame: Frame
    views: Sequence[AlignedFace] = ()
    tracks: Sequence[int] = ()
    roles: Sequence[int] = ()
    drawn: DrawnFaces | None = None
    motions: Sequence[NDArray] = ()
    free: Sequence[NDArray] | None = None  # what a mask that sees the frames says of each view
    alphas: Sequence[NDArray] | None = None  # of each view, of a mask that does not see the frames
    colours: Sequence[Colours | None] | None = None  # of each drawn face and of the one it covers
    fading: Sequence[float] = ()  # share of each face that is pasted as it comes and goes


def with_views(frames: Iterable[Frame], face_source: FaceSource, cast: Cast) -> Iterator[PlacedFrame]:
    """Yield each frame with the faces that play a role, as its model wants to see them."""
    for frame, faces, motions in with_motion(face_source.locate(frames)):
        playing = [
            (face, role, motion)
            for face, motion in zip(faces, motions, strict=True)
            if (role := cast.role(face.track)) is not None
        ]
        views = []
        for face, role, _ in playing:
            swapper = cast.roles[role].swapper
            view = view_of(
                frame, face.points, face.frame_to_crop, face.crop_size_px, swapper.coverage, swapper.resolution
            )
            views.append(view)
        yield PlacedFrame(
            frame,
            views,
            [face.track for face, _, _ in playing],
            [role for _, role, _ in playing],
            motions=[motion for _, _, motion in playing],
        )


def swapped_faces(
    items: Iterable[PlacedFrame], cast: Cast, batch_size: int, mask: Mask, watches: Sequence[CollapseDetector] = ()
) -> Iterator[PlacedFrame]:
    """Yield the models' answers, and what a mask sees, asked for in batches of faces that may span several frames.

    `watches`: as of `answered`.
    """
    for batch in _batches(items, batch_size):
        yield from answered(batch, cast, mask, watches)


def refined_faces(items: Iterable[PlacedFrame], cast: Cast, batch_size: int) -> Iterator[PlacedFrame]:
    """Yield frames with their drawn faces made sharp, in batches too, by what each role has for that."""
    if all(role.refiner is None for role in cast.roles):
        yield from items
        return
    for batch in _batches(items, batch_size):
        faces = _Faces.of(batch)
        for number, own in faces.by_role():
            if (refiner := cast.roles[number].refiner) is not None:
                faces.refine(own, refiner)
        yield from faces.put_back(batch)


def answered(
    items: Sequence[PlacedFrame], cast: Cast, mask: Mask, watches: Sequence[CollapseDetector] = ()
) -> Iterator[PlacedFrame]:
    """Yield frames with their faces drawn, those of one role in one batch.

    Args:
        items: The frames, in order.
        cast: Who draws whom.
        mask: One that sees the frames is asked about them.
        watches: One for each role looks at its answers.
    """
    free = _seen(items, mask) if isinstance(mask, FrameMask) else None
    faces = _Faces.of(items)
    for number, own in faces.by_role():
        faces.draw(own, cast.roles[number], watches[number] if watches else None)
    done = 0
    for item in faces.put_back(items):
        part = slice(done, done := done + len(item.views))
        yield replace(item, free=free and free[part]) if item.views else item


@dataclass(frozen=True, eq=False)
class _Faces:
    """The faces of several frames one after the other: what is seen of each, and what the models answer."""

    views: list[AlignedFace]
    tracks: Sequence[int]
    frames: Sequence[int]
    roles: Sequence[int]
    images: list[NDArray]
    masks: list[NDArray | None]

    @classmethod
    def of(cls, items: Sequence[PlacedFrame]) -> Self:
        views = [view for item in items for view in item.views]
        tracks = [track for item in items for track in item.tracks]
        frames = [item.frame.index for item in items for _ in item.views]
        images: list[NDArray] = [np.empty(0)] * len(views)
        masks: list[NDArray | None] = [None] * len(views)
        if all(item.drawn is not None for item in items if item.views):
            images = [image for item in items if item.drawn for image in item.drawn.images]
            masks = [mask for item in items if item.drawn for mask in item.drawn.masks]
        roles = [role for item in items for role in item.roles]
        return cls(views, tracks, frames, roles, images, masks)

    def by_role(self) -> Iterator[tuple[int, list[int]]]:
        """Yield each role that is played, and the places of its faces."""
        for number in sorted(set(self.roles)):
            yield number, [place for place, role in enumerate(self.roles) if role == number]

    def draw(self, own: Sequence[int], role: Role, watch: CollapseDetector | None) -> None:
        """Put in the places `own` what a role makes of the views there."""
        decoded = role.swapper.swap(pictures := np.stack([self.views[place].image for place in own]), to=role.to)
        if watch is not None:
            watch.check(pictures, decoded.images)
        self._put(own, decoded)

    def refine(self, own: Sequence[int], refiner: Refiner) -> None:
        """Make what was drawn in the places `own` sharp; the views become as large."""
        tracks, frames = [self.tracks[place] for place in own], [self.frames[place] for place in own]
        masks = [mask for place in own if (mask := self.masks[place]) is not None]
        decoded = Decoded(
            np.stack([self.images[place] for place in own]), np.stack(masks) if len(masks) == len(own) else None
        )
        shown, decoded = refiner.refine([self.views[place] for place in own], decoded, tracks, frames)
        for at, place in enumerate(own):
            self.views[place] = shown[at]
        self._put(own, decoded)

    def put_back(self, items: Sequence[PlacedFrame]) -> Iterator[PlacedFrame]:
        """Yield the frames with these faces."""
        done = 0
        for item in items:
            part = slice(done, done := done + len(item.views))
            if item.views:
                item = replace(item, views=self.views[part], drawn=DrawnFaces(self.images[part], self.masks[part]))
            yield item

    def _put(self, own: Sequence[int], decoded: Decoded) -> None:
        for at, place in enumerate(own):
            self.images[place] = decoded.images[at]
            self.masks[place] = None if decoded.masks is None else decoded.masks[at]


def _batches(items: Iterable[PlacedFrame], batch_size: int) -> Iterator[list[PlacedFrame]]:
    """Yield frames together until they have so many faces, or are as many as memory holds."""
    waiting: list[PlacedFrame] = []
    for item in items:
        waiting.append(item)
        faces = sum(len(one.views) for one in waiting)
        if faces >= batch_size or len(waiting) >= frames_held(item.frame.nbytes):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def frames_held(bytes_a_frame: int) -> int:
    """Return how many decoded frames one stage may hold."""
    return int(np.clip(FRAMES_HELD_BYTES // bytes_a_frame, 1, MOST_FRAMES_HELD))


def _seen(items: Sequence[PlacedFrame], mask: FrameMask) -> list[NDArray]:
    frames = [item.frame for item in items for _ in item.views]
    views = [view for item in items for view in item.views]
    return mask.free(frames, views, [track for item in items for track in item.tracks])
