"""Writing of segments as their frames come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

from faceswap.compositing.segments.plan import Parts, Segment
from faceswap.compositing.segments.record import Counts, SegmentRecord
from faceswap.compositing.segments.work_folder import WorkFolder
from faceswap.core.values import Frame
from faceswap.media.parts import PartWriter, part_of
from faceswap.media.writing import Writer


class Made(NamedTuple):
    """A finished frame, the number of faces swapped in it, and whether one of them fades as its head is turned."""

    frame: Frame
    faces: int
    is_faded: bool
    is_found_anew: bool = False

    def note_in(self, counts: Counts) -> None:
        """Count it."""
        counts.add(self.frame.index, self.faces, is_faded=self.is_faded, is_found_anew=self.is_found_anew)


def write_segments(
    made: Iterable[Made], parts: Parts, folder: WorkFolder, whole: Writer, passed: Callable[[], None]
) -> None:
    """Write each segment of `parts` as soon as its frames are made.

    Args:
        made: What goes through for them; what lies around a segment is left out.
        parts: The segments that are to be made.
        folder: Where they are kept.
        whole: What would write all of the result, not entered.
        passed: Called for each frame.
    """
    left = {segment.number: segment for segment in parts.segments}
    for segment, items in parts.split(made, lambda item: item.frame.index):
        folder.keep(_written(segment, (item for item in items if segment.has(item.frame.index)), folder, whole, passed))
        del left[segment.number]
    for number in left:  # the film has ended before
        folder.keep(SegmentRecord(number, Counts(), None))


def _written(
    segment: Segment, items: Iterator[Made], folder: WorkFolder, whole: Writer, passed: Callable[[], None]
) -> SegmentRecord:
    counts = Counts()
    writer: PartWriter | None = None
    with ExitStack() as stack:
        for item in items:
            if writer is None:
                writer = stack.enter_context(part_of(whole, folder.part_path(segment), folder.threads))
            writer.write(item.frame)
            item.note_in(counts)
            passed()
    return SegmentRecord(segment.number, counts, None if writer is None else writer.part)
