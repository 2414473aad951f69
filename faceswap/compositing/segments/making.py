"""From a film's segments to its result: those that lack are made, then all are put together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.compositing.segments.order import Order, Unit
from faceswap.compositing.segments.plan import Overlap, Parts, Segment, whole
from faceswap.compositing.segments.record import Counts, SegmentRecord
from faceswap.compositing.segments.work_folder import WorkFolder
from faceswap.compositing.segments.writing import Made, write_segments
from faceswap.media.parts import join
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faceswap.media.writing import Writer

log = logging.getLogger(__name__)

Making = Callable[[ExitStack, Parts], Iterable[Made]]  # gives what goes through for parts of a film


@dataclass(frozen=True)
class Spent:
    """What this command took for the frames that it made; `kept` were there from a command that was stopped."""

    seconds: float
    kept: int = 0


@dataclass(frozen=True, eq=False)
class SegmentedFilm:
    """A film in the making.

    Attributes:
        frames: Makes its frames.
        writer: Would write all of it.
        out: Where it goes.
        segments: All of it; one alone is written at once.
        overlap: What is looked at around each.
        start, stop: The frames of the source that are converted.
        total: How many frames there are; None: not known.
    """

    frames: Making
    writer: Writer
    out: Path
    segments: Sequence[Segment]
    overlap: Overlap
    start: int
    stop: int | None
    total: int | None

    def make(self, order: Order, stack: ExitStack) -> tuple[Counts, Spent]:
        """Write the result. What was kept of it goes when the stack ends well. Raises UserError and Interrupted."""
        began = time.monotonic()
        if len(self.segments) == 1:
            with self._counting(0, lambda: 0) as passed:
                return self._at_once(passed), Spent(time.monotonic() - began)
        folder = stack.enter_context(WorkFolder.opened(self.out, self.segments, order.made_with))
        kept = folder.sound_records()
        frames_kept = sum(record.counts.frames for record in kept)
        missing = sorted({segment.number for segment in self.segments} - {record.number for record in kept})
        if kept:
            log.info("%d frames are there already, from a command that was stopped; %d of %d segments are left to make",
                     frames_kept, len(missing), len(self.segments))  # fmt: skip
        with self._counting(frames_kept, lambda: sum(one.counts.frames for one in folder.records())) as passed:
            if missing and order.spread is not None:
                folder.free()
                order.spread(folder, missing, passed, lambda number, told: self._here(folder, [number], told))
            elif missing:
                self._here(folder, missing, passed)
            records = folder.records()
            self._join(records, folder)
        stack.push(lambda kind, *_: folder.remove() if kind is None else None)
        return Counts.together(record.counts for record in records), Spent(time.monotonic() - began, frames_kept)

    def make_unit(self, unit: Unit, passed: Callable[[int], None] = lambda count: None) -> None:
        """Make segments in a folder that another process has opened, one after the other, until all are taken."""
        folder = WorkFolder.existing(unit.folder, self.segments)
        while (number := folder.take(unit.numbers, unit.who)) is not None:
            self._here(folder, [number], passed)

    def _at_once(self, passed: Callable[[int], None]) -> Counts:
        counts = Counts()
        with ExitStack() as stages, self.writer:
            for made in self.frames(stages, whole(self.start, self.stop)):
                self.writer.write(made.frame)
                made.note_in(counts)
                passed(1)
            if counts.frames == 0:
                raise self._no_frames()
        return counts

    def _here(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None]) -> None:
        wanted = set(numbers)
        segments = [segment for segment in self.segments if segment.number in wanted]
        parts = Parts(segments, self.overlap, self.start, self.stop)
        with ExitStack() as stages:
            write_segments(self.frames(stages, parts), parts, folder, self.writer, lambda: passed(1))

    def _join(self, records: Sequence[SegmentRecord], folder: WorkFolder) -> None:
        if [record.number for record in records] != [segment.number for segment in self.segments]:
            raise UserError(f"segments of {self.out} are gone from {folder.path}; give the command again")
        if not any(record.counts.frames for record in records):
            raise self._no_frames()
        join(self.writer, [record.part for record in records if record.part is not None], folder.threads)

    def _no_frames(self) -> UserError:
        end = "the end" if self.stop is None else self.stop
        return UserError(f"cannot write {self.out}: the source has no frames from {self.start} to {end}")

    @contextmanager
    def _counting(self, done: int, kept: Callable[[], int]) -> Iterator[Callable[[int], None]]:
        """Yield what is told of frames as they are made, from `done` on; a stop says how many are kept."""
        with Progress(self.total, "convert", initial=done) as bar:

            def passed(count: int) -> None:
                nonlocal done
                done += count
                bar.advance(count)

            try:
                yield passed
            except KeyboardInterrupt as error:
                raise Interrupted(
                    f"convert stopped after {done} frames; {self.out} was not written; the same command goes on where "
                    f"it was: {kept()} frames are kept"
                ) from error
