"""Which frames a segment has, and which around it are looked at for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")

LEAST_BEFORE = 10  # frames: the preview's too
REMEMBERED = 0.1  # share of what is steadied that still comes from before a segment's run-up
LONGEST_BEFORE = 60  # what is remembered for longer differs by a grey level at most
WITH_MOTION_BLUR = 24  # frames after which a shutter's time is known as well as ever


@dataclass(frozen=True)
class Segment:
    """The frames `first` <= index < `end` of a film; `end` None: to its end."""

    number: int
    first: int
    end: int | None

    def has(self, index: int) -> bool:
        """Return whether a frame is one of them."""
        return index >= self.first and (self.end is None or index < self.end)


@dataclass(frozen=True)
class Overlap:
    """How many frames around a segment are looked at, so that what is steadied over time is as it is in the film."""

    before: int = 0
    after: int = 0

    @classmethod
    def of(
        cls,
        *,
        smooth_frames: int,
        smooth_colour: float,
        motion_blur: bool,
        is_found: bool,
        is_film: bool,
        around: int = 0,
    ) -> Overlap:
        """Return what settings ask for.

        Args:
            smooth_frames, smooth_colour, motion_blur: As of convert.
            is_found: Whether faces are looked for on the way; else their whole paths are known before.
            is_film: Whether frames have to do with those around them.
            around: Frames on both sides by which places, colours and masks are steadied.
        """
        # A plain mean of the first frames, which then dies away.
        dying = math.log(REMEMBERED) / math.log(smooth_colour) if smooth_colour > 0 else 0.0
        steadied = math.ceil(1 / (1 - smooth_colour) + dying) if smooth_colour > 0 else 0
        if not is_film and not (steadied or smooth_frames):
            return cls()
        before = max(LEAST_BEFORE, min(steadied, LONGEST_BEFORE), smooth_frames, WITH_MOTION_BLUR if motion_blur else 0)
        after = around + (smooth_frames + 1 if is_found else 1)  # one tells how fast a face moves
        return cls(max(before, around + smooth_frames), after)


def planned(start: int, stop: int | None, frame_count: int | None, segment_frames: int) -> list[Segment]:
    """Return the segments of the frames `start` to `stop`; one where nobody knows how many a film has.

    A film may have more or fewer frames than it claims: the last segment goes to its end.
    """
    ends = [end for end in (stop, frame_count) if end is not None]
    count = max(1, math.ceil((min(ends) - start) / segment_frames)) if ends else 1
    edges: list[int | None] = [start + segment_frames * number for number in range(count)]
    return [
        Segment(number, start + segment_frames * number, end) for number, end in enumerate([*edges[1:], stop][:count])
    ]


@dataclass(frozen=True)
class Parts:
    """What goes through the stages of a conversion: of each segment its frames and those around it, in order.

    Frames of the next segment's run-up come again, so each stage can tell by their numbers where a segment begins.
    """

    segments: Sequence[Segment]
    overlap: Overlap
    start: int = 0
    stop: int | None = None

    def first(self, place: int) -> int:
        """Return the first frame that is looked at for the segment at a place of the list."""
        return max(self.start, self.segments[place].first - self.overlap.before)

    def end(self, place: int) -> int | None:
        """Return the frame before which looking for it ends; None: the film's end."""
        end = self.segments[place].end
        if end is None:
            return None
        return end + self.overlap.after if self.stop is None else min(self.stop, end + self.overlap.after)

    def split(self, items: Iterable[T], index_of: Callable[[T], int]) -> Iterator[tuple[Segment, Iterator[T]]]:
        """Yield each segment with what goes through for it."""
        place, last = 0, -1

        def place_of(item: T) -> int:
            nonlocal place, last
            index = index_of(item)
            is_next = index <= last
            while place + 1 < len(self.segments) and (is_next or not self._reaches(place, index)):
                place, is_next = place + 1, False
            last = index
            return place

        for at, part in groupby(items, place_of):
            yield self.segments[at], part

    def _reaches(self, place: int, index: int) -> bool:
        end = self.end(place)
        return end is None or index < end


def whole(start: int, stop: int | None) -> Parts:
    """Return all frames as one segment."""
    return Parts([Segment(0, start, stop)], Overlap(), start, stop)
