"""What is done to the frames of a film, from their decoding to faces that lie in them.

    decode -> place faces, cut views -> model in batches -> mask, colour, paste

Each runs in a thread of its own; bounded queues between them keep memory constant. What is steadied over time begins
anew with each segment, after a run-up, so that a segment is the same whoever makes it and whatever was made before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faceswap.compositing.blenders import Blender
from faceswap.compositing.casting import Cast
from faceswap.compositing.compositor import blend
from faceswap.compositing.drawing import PlacedFrame, frames_held, refined_faces, swapped_faces, with_views
from faceswap.compositing.face_sources.face_source import FaceSource
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.finishing.turning import WHOLE, Fading
from faceswap.compositing.masks.protocol import Mask
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.masks.steady import without_memory
from faceswap.compositing.segments.forgetting import forget
from faceswap.compositing.segments.frames import frames_of
from faceswap.compositing.segments.plan import Parts, whole
from faceswap.compositing.segments.writing import Made
from faceswap.compositing.steady_faces import steadied_faces
from faceswap.compositing.steadying import REACH, Steadying, steadied
from faceswap.core.values import Frame
from faceswap.media.pictures.colour_transfer import ColourMatcher
from faceswap.media.stages import Stage
from faceswap.utils.settings.keyframes import Keyframes

if TYPE_CHECKING:
    from faceswap.compositing.preview.frames import PreviewFrames
    from faceswap.media.sources import SourceInfo


@dataclass(frozen=True)
class Paste:
    """How drawn faces are laid into frames."""

    mask: Mask
    colour: ColourMatcher
    blender: Blender
    steady: Steadying
    fadings: Sequence[Fading]
    finish: Finish
    strengths: Keyframes
    scales: Keyframes
    smooth_drawn: int = 0  # frames to both sides over which faces are steadied, as they are drawn
    keeps_faces: bool = False  # frames tell of the faces laid into them


@dataclass(frozen=True, eq=False)
class Conversion:
    """What makes new frames of a film's."""

    info: SourceInfo
    cast: Cast
    face_source: FaceSource
    paste: Paste
    batch_size: int
    stored_bits: int = 0  # of the frames' own planes, where the result is to keep them

    def made(self, stack: ExitStack, parts: Parts) -> Iterable[Made]:
        """Return what goes through for these parts of the film; the stages end with the stack."""
        frames = self._stage(stack, frames_of(self.info, parts, self.stored_bits), 2, "decode")
        return self._pasted(stack, self._drawn(stack, frames, parts, without_memory(self.paste.mask)), parts)

    def previewed(self, stack: ExitStack, preview: PreviewFrames) -> Iterable[Made]:
        """Return the frames that a preview chose, and those around them."""
        parts, paste = whole(0, None), self.paste
        # A shutter, and masks where nothing steadies them, remember the frames before.
        reach = REACH if paste.steady.is_needed and not paste.finish.motion_blur else None
        if preview.is_drawn:
            return self._pasted(stack, preview.again(reach), parts, preview.chosen)
        frames = self._stage(stack, preview.read(self.info), 2, "decode")
        # What is kept to be pasted by several masks has been seen by none: they look when they are asked.
        drawn = preview.kept(self._drawn(stack, frames, parts, HullMask()))
        return self._pasted(stack, preview.near(drawn, reach), parts, preview.chosen)

    def _drawn(self, stack: ExitStack, frames: Iterable[Frame], parts: Parts, mask: Mask) -> Iterator[PlacedFrame]:
        placed = self._stage(stack, with_views(frames, _InParts(self.face_source, parts), self.cast), 2, "find")
        watches = self.cast.watches()
        for _, items in parts.split(placed, _number):
            forget(mask, *(role.refiner for role in self.cast.roles))
            drawn = swapped_faces(items, self.cast, self.batch_size, mask, watches)
            if self.paste.smooth_drawn:
                drawn = steadied_faces(drawn, self.paste.smooth_drawn)
            yield from refined_faces(drawn, self.cast, self.batch_size)

    def _pasted(
        self, stack: ExitStack, drawn: Iterable[PlacedFrame], parts: Parts, only: Sequence[int] | None = None
    ) -> Iterable[Made]:
        bytes_a_pixel = 9 if self.stored_bits else 3
        waiting = max(1, frames_held(self.info.width * self.info.height * bytes_a_pixel) // 2)
        swapped = self._stage(stack, drawn, waiting, "model")
        return self._stage(stack, self.blended(swapped, parts, only), 2, "blend")

    def blended(self, items: Iterable[PlacedFrame], parts: Parts, only: Sequence[int] | None = None) -> Iterator[Made]:
        """Yield frames with their drawn faces laid into them, steadied within each segment.

        Args:
            items: The frames.
            parts: Of which film.
            only: Those of them that are shown; None: all of each segment.
        """
        for segment, part in parts.split(items, _number):
            forget(self.paste.finish)
            for item in steadied(part, self.paste.steady):
                index = item.frame.index
                yield self._blend(item, is_shown=segment.has(index) and (only is None or index in only))

    def _blend(self, item: PlacedFrame, is_shown: bool) -> Made:
        paste, frame = self.paste, item.frame
        strengths = [
            paste.fadings[role].strength(view.points) for role, view in zip(item.roles, item.views, strict=True)
        ]
        share = paste.strengths.at(frame.index)
        # Of what lies around only the colours are wanted, and how blurred it is.
        pasted = share if is_shown or paste.finish.motion_blur else 0.0
        shares = [pasted * one for one in strengths]
        if item.fading:
            shares = [one * fading for one, fading in zip(shares, item.fading, strict=True)]
        if item.drawn is not None:
            frame = blend(
                frame, item.views, item.drawn, mask=paste.mask, colour=paste.colour, blender=paste.blender,
                colours=item.colours, alphas=item.alphas, tracks=item.tracks, free=item.free, finish=paste.finish,
                strengths=shares, motions=item.motions, scale=paste.scales.at(frame.index), in_place=True,
                keeps_faces=paste.keeps_faces,
            )  # fmt: skip
        return Made(
            frame,
            len(item.views) if share > 0 else 0,
            any(strength < WHOLE for strength in strengths),
            self.face_source.is_found_anew(frame.index),
        )

    @staticmethod
    def _stage(stack: ExitStack, items: Iterable[Any], depth: int, name: str) -> Stage[Any]:
        return stack.enter_context(Stage(items, depth, name))


@dataclass(frozen=True, eq=False)
class _InParts:
    """Faces of which the source begins anew with each segment."""

    faces: FaceSource
    parts: Parts

    @property
    def about(self) -> dict[str, Any]:
        return self.faces.about

    def is_found_anew(self, frame: int) -> bool:
        return self.faces.is_found_anew(frame)

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[Any]]]:
        for _, part in self.parts.split(frames, lambda frame: frame.index):
            yield from self.faces.locate(part)


def _number(item: PlacedFrame) -> int:
    return item.frame.index
