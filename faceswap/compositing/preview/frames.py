"""The frames of a preview: which they are, what the pipeline sees of the film for them, and what it makes of them.

Faces, masks and colours are steadied over time, so a frame alone would not look as it does in the film. The pipeline
gets each chosen frame with those around it, and of what it makes only the chosen one is kept. Faces that are drawn once
are pasted anew for each choice of how to paste them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import Field, dataclass, field, replace
from itertools import groupby
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.face_sources.face_source import FaceSource, StoredFaces, TargetFace, WantedFaces, WrappedFaces
from faceswap.compositing.preview.variety import appearance, most_varied
from faceswap.core.values import Frame
from faceswap.media.reading import read_frames
from faceswap.utils.errors import UserError
from faceswap.utils.numbers import evenly_spread

if TYPE_CHECKING:
    from faceswap.compositing.masks.parsing import SharedParser
    from faceswap.media.sources import SourceInfo

BEFORE = 10  # frames after which steadied colours and masks are what they are in the film, within a grey level
CANDIDATES = 64  # frames looked at; eight for each wanted one where that is more
CANDIDATES_A_FRAME = 8
UNKNOWN_LENGTH = 100_000  # frames looked for where a film does not tell how many it has
HELD_BYTES = 800e6  # of frames with drawn faces that are kept from one choice to the next; more are drawn anew
PARSED_FACES = 64  # of which it is kept what the parser said: 3.4 MB each
# Settings that change only how a drawn face is pasted.
PASTING = (
    "mask", "colour", "blender", "sharpen", "motion_blur", "grain", "smooth_colour", "fade_from_yaw", "strength",
    "face_scale", "keep", "masks",
)  # fmt: skip

log = logging.getLogger(__name__)


class WithFrame(Protocol):
    """A frame on its way through the pipeline, with what was found and drawn; a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def frame(self) -> Frame:
        """Return the frame."""
        ...


Drawn = TypeVar("Drawn", bound=WithFrame)


@dataclass(eq=False)
class PreviewFrames:
    """Chooses frames of a film the first time it is asked, and takes what is made of them, as a writer does.

    Attributes:
        count: How many frames are wanted, where none are `chosen` yet.
        as_filmed: The chosen frames by their number, as they were.
        made: What the pipeline last made of them.
        about: Metadata of what is made, as of a result.
        chosen: The frames' numbers.
        models: What draws the faces, kept from one choice to the next: see `roles.load_cast`.
        parsers: What sees the parts of faces, kept like `models`, with its last answers.
        label: Of the progress bar; empty: none is shown.
        stored_bits: Of the planes that it wants of frames: none.
    """

    count: int
    as_filmed: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    made: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    chosen: list[int] = field(default_factory=list)
    models: dict[Any, Any] = field(default_factory=dict)
    parsers: set[SharedParser] = field(default_factory=set)
    label: str = "convert"
    stored_bits: int = 0
    _needed: set[int] = field(default_factory=set)
    _drawn: list[Any] = field(default_factory=list)
    _drawing: object = None

    @property
    def is_drawn(self) -> bool:
        """Return whether the faces are there and need only be pasted."""
        return bool(self._drawn)

    def draw_for(self, drawing: object) -> None:
        """Let what was drawn go unless it was drawn with these settings."""
        if drawing != self._drawing:
            self._drawn, self._drawing = [], drawing

    def see_by(self, parsers: Iterable[SharedParser]) -> None:
        """Keep parsers, and let them keep what they say of faces."""
        for parser in parsers:
            parser.remember(PARSED_FACES)
            self.parsers.add(parser)

    def choose(self, info: SourceInfo, faces: FaceSource, wanted: WantedFaces, reach: int) -> None:
        """Choose the frames, unless they are chosen already, and those around them that the pipeline is to see.

        Args:
            info: The film.
            faces: Where its faces are.
            wanted: Which frames may be chosen, and over how many on each side places of faces are steadied.
            reach: Frames to each side that steady what is pasted; 0: pictures have nothing to do with each other.

        Raises:
            UserError: No face was found.
        """
        if self._needed:
            return
        start, stop, smooth_frames = wanted.start, wanted.stop, wanted.smooth_frames
        self.chosen = self.chosen or self._varied(info, faces, start, stop)
        after = 1 if isinstance(faces, StoredFaces) else smooth_frames + 1  # one tells how fast a face moves
        before, after = (max(BEFORE, smooth_frames), max(after, reach)) if reach else (0, 0)
        for index in self.chosen:
            end = index + after + 1 if stop is None else min(index + after + 1, stop)
            self._needed.update(range(max(start, index - before), end))

    def _varied(self, info: SourceInfo, faces: FaceSource, start: int, stop: int | None) -> list[int]:
        """Return frames whose faces differ most. Raises UserError where no face was found."""
        frames, looks = [], []
        candidates = self._candidates(info, faces, start, stop)
        read = read_frames(info, start, stop, only=candidates) if candidates else ()
        for frame, found in PartsOfFilm(faces).locate(read):
            if found:
                frames.append(frame.index)
                looks.append(appearance(frame, found))
        if not frames:
            raise UserError(
                f"no face was found in {info.path}: there is nothing to preview; say start= and stop= of "
                "a part that shows one"
            )
        chosen = [frames[row] for row in most_varied(np.stack(looks), self.count)]
        if len(chosen) < self.count:
            log.warning("only %d frames with faces were found for preview=%d", len(chosen), self.count)
        return chosen

    @property
    def frames_needed(self) -> int:
        """Return how many frames the pipeline sees."""
        return len(self._needed)

    def near(self, items: Iterable[Drawn], reach: int | None) -> Iterator[Drawn]:
        """Yield drawn frames that are no further than `reach` from a chosen one (None: all)."""
        return (item for item in items if reach is None or self._is_near(item.frame.index, reach))

    def read(self, info: SourceInfo) -> Iterator[Frame]:
        """Yield the chosen frames and those around them."""
        for frame in read_frames(info, min(self._needed), max(self._needed) + 1, only=self._needed):
            if frame.index in self.chosen:
                self.as_filmed[frame.index] = frame.image.copy()
            yield frame

    def kept(self, drawn: Iterable[Drawn]) -> Iterator[Drawn]:
        """Yield frames with drawn faces, whose pictures may be written into, and keep them where they are not many."""
        kept: list[Drawn] = []
        for item in drawn:
            if len(self._needed) * item.frame.image.nbytes <= HELD_BYTES:
                kept.append(_copied(item))
            yield item
        self._drawn = kept

    def again(self, reach: int | None) -> Iterator[Any]:
        """Yield what was kept, no further than `reach` from a chosen frame (None: all)."""
        return map(_copied, self.near(self._drawn, reach))

    def _is_near(self, index: int, reach: int) -> bool:
        return any(abs(index - one) <= reach for one in self.chosen)

    def _candidates(self, info: SourceInfo, faces: FaceSource, start: int, stop: int | None) -> set[int]:
        length = info.frames_between(start, stop)
        numbers = range(start, start + (UNKNOWN_LENGTH if length is None else length))
        known = sorted(faces.frames_with_faces() & set(numbers)) if isinstance(faces, StoredFaces) else list(numbers)
        if not known:
            return set()
        return {known[i] for i in evenly_spread(len(known), max(CANDIDATES, CANDIDATES_A_FRAME * self.count))}

    def check(self) -> None:
        """Nothing is written here."""

    def __enter__(self) -> Self:
        self.made = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def write(self, frame: Frame) -> None:
        """Keep a frame that is one of the chosen."""
        if frame.index in self.chosen:
            self.made[frame.index] = frame.image


@dataclass(frozen=True, eq=False)
class PartsOfFilm(WrappedFaces):
    """Faces of a film of which only parts are read: a finder begins each part anew."""

    def locate(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[TargetFace]]]:
        """Yield each frame with its faces."""
        numbered = ((frame.index - place, frame) for place, frame in enumerate(frames))
        for _, part in groupby(numbered, lambda one: one[0]):
            yield from self.faces.locate(frame for _, frame in part)


def _copied(item: Drawn) -> Drawn:
    frame = item.frame
    return replace(item, frame=Frame(frame.image.copy(), frame.index, frame.seconds))
