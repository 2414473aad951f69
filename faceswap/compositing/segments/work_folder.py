"""The hidden folder beside a result in which its segments are kept until all are there.

    .film.mp4.work/order.json               what the segments depend on
                   segment_00003.nut        a part of the result, whole
                   segment_00003_mask.nut   of its layers, where they are asked for
                   segment_00003_patch/
                   segment_00003.json       what is known of them, their checksums too; written last
                   segment_00004.taken      who makes it, where several processes do

One that was made with other settings is begun anew; a part that is not what was written is made again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from faceswap.compositing.segments.plan import Segment
from faceswap.compositing.segments.record import SegmentRecord
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json, writing_errors
from faceswap.utils.files.links import own_folder, remove
from faceswap.utils.files.locks import LOCK, locked
from faceswap.utils.files.temporary import sweep, temp_path
from faceswap.utils.limits import ENCODER_THREADS
from faceswap.utils.untrusted.reading import read_json

ORDER = "order.json"
SUFFIX = ".work"
TAKEN = ".taken"

log = logging.getLogger(__name__)


def work_path(result: Path) -> Path:
    """Return where the segments of a result lie."""
    return result.with_name(f".{result.name}{SUFFIX}")


class WorkFolder:
    """Segments of one result, by number.

    Args:
        path: The folder.
        segments: All of them.
        threads: That encode each: pictures depend on their number, which therefore is the same for all of a result,
            wherever and whenever they are made.
    """

    def __init__(self, path: Path, segments: Sequence[Segment], threads: int) -> None:
        self.path, self.segments, self.threads = path, segments, threads

    @classmethod
    @contextmanager
    def opened(
        cls, result: Path, segments: Sequence[Segment], made_with: Mapping[str, Any] | None
    ) -> Iterator[WorkFolder]:
        """Yield the work folder of a result, made when it is not there, held for this process.

        Args:
            result: What is to be made.
            segments: All of it.
            made_with: What the segments depend on. None: nobody can tell, so nothing is kept after a stop.

        Raises:
            UserError: Another process works in it, or something else lies there.
        """
        if made_with is None:
            with _held_for_now(temp_path(work_path(result))) as path:
                yield cls(path, segments, _threads())
            return
        path = work_path(result)
        if os.path.islink(path) or (os.path.lexists(path) and not path.is_dir()):
            what = "a link" if path.is_symlink() else "a file"
            raise UserError(f"{path} is {what}, and the segments of {result.name} go into a folder there: delete it")
        with _gone_when_empty(path), locked(path, f"making {result.name}"):
            order = _plain({**made_with, "segments": len(segments), "first": [one.first for one in segments[:2]]})
            threads = cls._same_order(path, order)
            if threads is None:
                _empty(path)
                threads = _threads()
                write_json(path / ORDER, {"order": order, "encoder_threads": threads})
            folder = cls(path, segments, threads)
            try:
                yield folder
            finally:
                if not folder.count():
                    folder.remove()

    @classmethod
    def existing(cls, path: Path, segments: Sequence[Segment]) -> WorkFolder:
        """Return the folder that another process has opened. Raises UserError when it is not there."""
        try:
            return cls(path, segments, _threads_in(read_json(path / ORDER)))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: no conversion is at work there") from error

    @staticmethod
    def _same_order(path: Path, order: Mapping[str, Any]) -> int | None:
        """Return how many threads encoded what lies here of the same order; None: begin anew."""
        if not (path / ORDER).exists():
            return None
        try:
            before = read_json(path / ORDER)
            made, threads = before["order"], _threads_in(before)
            others = sorted(name for name in {*made, *order} if made.get(name) != order.get(name))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            log.warning("%s cannot be read: the conversion begins anew", path / ORDER)
            return None
        if others:
            told = ", ".join(others[:3])
            log.warning("%s holds segments made with other settings or inputs (%s): begun anew", path, told)
            return None
        return threads

    def part_path(self, segment: Segment) -> Path:
        """Return where a segment's part goes, without suffix."""
        return self.path / f"segment_{segment.number:05d}"

    def keep(self, record: SegmentRecord) -> None:
        """Note that a segment is whole."""
        write_json(self._record_path(record.number), record.as_json())

    def records(self) -> list[SegmentRecord]:
        """Return what this command knows of the segments that are whole, in order. Raises UserError for others."""
        paths = [self._record_path(segment.number) for segment in self.segments]
        try:
            return [SegmentRecord.read(read_json(path), self.path) for path in paths if path.exists()]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{self.path} was changed meanwhile: give the command again") from error

    def sound_records(self) -> list[SegmentRecord]:
        """Return what is known of segments that an earlier command made; a damaged one is removed and told."""
        found = []
        for segment in self.segments:
            path = self._record_path(segment.number)
            if not path.exists():
                continue
            try:
                record = SegmentRecord.read(read_json(path), self.path)
                is_sound = record.number == segment.number and (record.part is None or record.part.is_sound())
            except (OSError, ValueError, KeyError, TypeError):
                is_sound = False
            if is_sound:
                found.append(record)
            else:
                log.warning("%s is damaged: its frames from %d on are made again", path, segment.first)
                remove(path)
        return found

    def take(self, numbers: Sequence[int], who: str) -> int | None:
        """Return the first of these segments that nobody has taken yet, now taken by `who`; None: all are.

        What `who` has taken before and not finished, in a process that has died since, comes first.
        """
        for number in numbers:
            path = self.path / f"segment_{number:05d}{TAKEN}"
            try:
                with open(path, "x") as file:
                    file.write(who)
                return number
            except FileExistsError:
                if path.read_text() == who and not self._record_path(number).exists():
                    return number
        return None

    def free(self) -> None:
        """Let go what was taken: a new command gives it out anew."""
        for segment in self.segments:
            (self.path / f"segment_{segment.number:05d}{TAKEN}").unlink(missing_ok=True)

    def count(self) -> int:
        """Return how many segments are whole, by their records' names alone."""
        return sum(self._record_path(segment.number).exists() for segment in self.segments)

    def remove(self) -> None:
        """Remove all of it."""
        _empty(self.path)

    def _record_path(self, number: int) -> Path:
        return self.path / f"segment_{number:05d}.json"


def _threads() -> int:
    """Return how many threads an encoder takes on this machine: as many as x264 would choose."""
    return min(ENCODER_THREADS, max(1, (os.cpu_count() or 1) * 3 // 2))


def _threads_in(stored: Any) -> int:
    threads = stored["encoder_threads"]
    if type(threads) is not int or not 1 <= threads <= ENCODER_THREADS:
        raise ValueError("encoder_threads")
    return threads


@contextmanager
def _held_for_now(path: Path) -> Iterator[Path]:
    with writing_errors(path):
        own_folder(path)
    sweep(path.parent)
    try:
        yield path
    finally:
        remove(path)


@contextmanager
def _gone_when_empty(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):  # it holds what a stopped command has made
            path.rmdir()


def _empty(path: Path) -> None:
    with writing_errors(path), os.scandir(path) as entries:
        for entry in entries:
            if entry.name != LOCK:
                remove(Path(entry.path))


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
