"""Frames of segments and of what is looked at around them, decoded in one go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from faceswap.core.values import Frame
from faceswap.media.reading import NoFrames, read_frames

if TYPE_CHECKING:
    from faceswap.compositing.segments.plan import Parts
    from faceswap.media.sources import SourceInfo


def frames_of(info: SourceInfo, parts: Parts, stored_bits: int = 0) -> Iterator[Frame]:
    """Yield what goes through a conversion, see `Parts`. A source that ends early gives less, none of it perhaps.

    `stored_bits`: as of `read_frames`. Only the frames of a run-up are held: those that come again.
    """
    place, last = 0, len(parts.segments) - 1
    again: list[Frame] = []
    try:
        for frame in _read(info, parts, stored_bits):
            while place < last and not _is_before(frame.index, parts.end(place)):
                place += 1
                yield from again
                again = []
            if place < last and frame.index >= parts.first(place + 1):
                again.append(_copied(frame))
            if frame.index >= parts.first(place):
                yield frame
    except NoFrames:
        if parts.first(0) <= parts.start:  # nothing at all is left to what asked
            raise
    yield from again


class _Wanted:
    """The frames of all parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._places = parts, range(len(parts.segments))

    def __contains__(self, index: object) -> bool:
        assert isinstance(index, int)
        parts = self._parts
        return any(parts.first(place) <= index and _is_before(index, parts.end(place)) for place in self._places)


def _copied(frame: Frame) -> Frame:
    stored = None if frame.stored is None else frame.stored.copy()
    return Frame(frame.image.copy(), frame.index, frame.seconds, stored)


def _read(info: SourceInfo, parts: Parts, stored_bits: int) -> Iterator[Frame]:
    segments = parts.segments
    gaps = any(segments[at].end != segments[at + 1].first for at in range(len(segments) - 1))
    wanted = _Wanted(parts) if gaps else None
    return read_frames(info, parts.first(0), parts.end(len(segments) - 1), only=wanted, stored_bits=stored_bits)


def _is_before(index: int, end: int | None) -> bool:
    return end is None or index < end
