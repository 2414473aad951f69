"""One run of the extract pipeline: decode (a thread) -> find -> link -> smooth -> align and write (threads) -> note."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from faceswap.core.face_set import ALIGNMENTS, REPORT, FaceRecord, read_records
from faceswap.core.geometry import align, head_pose
from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder, find_in_batches
from faceswap.extraction.cleaning import clear
from faceswap.extraction.contact_sheet import write_contact_sheet
from faceswap.extraction.identity import Person, tracks_of
from faceswap.extraction.journal import JOURNAL, Journal
from faceswap.extraction.quality import sharpness
from faceswap.extraction.settings import Settings
from faceswap.media.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import SourceInfo
from faceswap.media.stages import Stage
from faceswap.track.smoothing import FoundFrame, linked, smoothed_tracks
from faceswap.track.tracker import Glance, Linker
from faceswap.utils.atomic import write_json, write_text
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.progress import Progress

logger = logging.getLogger(__name__)

WRITER_THREADS = 2
QUEUE_BYTES = 200_000_000  # of frames that wait between two stages


class Extraction:
    """Brings a folder from where its `journal` is to a whole face set, frame by frame."""

    def __init__(
        self, info: SourceInfo, finder: Finder, folder: Path, settings: Settings, journal: Journal, keep: Person | None
    ) -> None:
        self.info, self.finder, self.folder, self.settings, self.journal = info, finder, folder, settings, journal
        self.keep = keep
        self.linker = Linker()
        self.known = read_records(folder / ALIGNMENTS)
        self.tracks = {record.track for record in self.known}
        self.before: Glance | None = None
        self.began = time.monotonic()
        self.frames_before = len(journal.entries)

    def run(self) -> None:
        self._write_report(completed=False)
        try:
            self._replay()
            self._extract()
        except KeyboardInterrupt as error:
            self._write_report(completed=False)
            done = len(self.journal.entries)
            raise Interrupted(f"stopped after {done} frames; the same command goes on from there") from error
        except UserError:
            if not self.journal.entries:  # it never began
                clear(self.folder)
            raise
        if not self.tracks:
            clear(self.folder)
            raise UserError(f"no face found in {self.info.path} ({len(self.journal.entries)} frames looked at)")
        if self.keep is not None:
            self._take_out_others(self.keep)
        write_contact_sheet(self.folder)
        self._write_report(completed=True)
        (self.folder / JOURNAL).unlink(missing_ok=True)

    def _replay(self) -> None:
        """Brings the tracks to where the interrupted run had them."""
        faces_of: dict[int, list[Face]] = {}
        for record in self.known:
            faces_of.setdefault(record.frame, []).append(record.face)
        for entry in self.journal.entries:
            self.linker.step(faces_of.get(entry.frame, []), entry.cut)

    def _extract(self) -> None:
        depth = int(np.clip(QUEUE_BYTES // (self.info.width * self.info.height * 3), 2, 16))
        waiting: deque[tuple[int, bool, Future[list[str]]]] = deque()
        total = _frames_in(self.info, self.settings)
        with (
            ThreadPoolExecutor(WRITER_THREADS, "write") as pool,
            Progress(total, "extract", "frame", initial=self.frames_before) as bar,
            Stage(self._frames(), depth, "decode") as frames,
        ):
            try:
                for found in smoothed_tracks(self._found(iter(frames)), self.settings.smooth_frames):
                    lines = pool.submit(self._store, found.frame, found.faces)
                    waiting.append((found.frame.index, found.cut, lines))
                    while waiting and (len(waiting) > depth or waiting[0][2].done()):
                        self._note_next(waiting)
                    bar.advance()
            finally:  # also when stopped: what was found is kept
                while waiting:
                    self._note_next(waiting)

    def _found(self, frames: Iterator[Frame]) -> Iterator[FoundFrame]:
        """The frames that are still to do, with their faces and tracks."""
        unseen = self._unseen(frames)
        usable = (
            (frame, [face for face in faces if self._is_usable(face)])
            for frame, faces in find_in_batches(self.finder, unseen)
        )
        for found in linked(usable, self.linker, self.before):
            self.tracks.update(face.track for face in found.faces)
            yield found

    def _frames(self) -> Iterator[Frame]:
        """The frames to look at, and first the last one that is done, if any: a cut shows only between two frames."""
        first = self.journal.entries[-1].frame if self.journal.entries else self.settings.start
        for frame in read_frames(self.info, first, self.settings.stop):
            if (frame.index - self.settings.start) % self.settings.every == 0:
                yield frame

    def _unseen(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        if not self.journal.entries:
            return frames
        last = next(frames, None)
        if last is not None and last.index > self.journal.entries[-1].frame:  # that picture is gone meanwhile
            return chain([last], frames)
        self.before = None if last is None else Glance.at(last)
        return frames

    def _is_usable(self, face: Face) -> bool:
        return (face.box[2:] - face.box[:2]).max() >= self.settings.minimum_face_px

    def _store(self, frame: Frame, faces: Sequence[Face]) -> list[str]:
        """Writes the crops of a frame and gives their lines for the alignments file."""
        lines = []
        for number, face in enumerate(faces):
            aligned = align(frame, face, self.settings.size_px)
            name = f"{frame.index:06d}_{number:02d}.{self.settings.image_format}"
            write_image(self.folder / name, aligned.image)
            pose = head_pose(face.points)
            record = FaceRecord(
                file=name, frame=frame.index, time_seconds=frame.seconds, box=face.box, points=face.points,
                frame_to_crop=aligned.frame_to_crop, score=face.score, track=face.track,
                blur=1 - sharpness(aligned.image), yaw=pose.yaw, pitch=pose.pitch, roll=pose.roll,
                size_px=self.settings.size_px, embedding=face.embedding, visible=face.visible,
            )  # fmt: skip
            lines.append(record.to_json())
        return lines

    def _note_next(self, waiting: deque[tuple[int, bool, Future[list[str]]]]) -> None:
        frame, cut, lines = waiting.popleft()
        try:
            self.journal.add(frame, lines.result(), cut)
        except BaseException:
            waiting.clear()  # a frame that is noted vouches for all before it
            raise

    def _take_out_others(self, person: Person) -> None:
        """Leaves the tracks of one person only; where nobody is alike, all stay and another `keep` goes on from there.

        A run killed while crops are deleted says how to start anew.
        """
        records = read_records(self.folder / ALIGNMENTS)
        self.tracks = tracks_of(person, self.folder, records)
        kept = [record for record in records if record.track in self.tracks]
        (self.folder / JOURNAL).unlink()  # first: no other choice may go on from what is left now
        for record in records:
            if record.track not in self.tracks:
                (self.folder / record.file).unlink(missing_ok=True)
        write_text(self.folder / ALIGNMENTS, "".join(record.to_json() + "\n" for record in kept))
        logger.info("kept %d of %d faces: those of the person of keep=", len(kept), len(records))
        counts = Counter(record.frame for record in kept)
        self.journal.entries = [replace(entry, faces=counts[entry.frame]) for entry in self.journal.entries]

    def _write_report(self, completed: bool) -> None:
        entries = self.journal.entries
        seconds = time.monotonic() - self.began
        report = {
            "source": os.path.abspath(self.info.path),
            "width": self.info.width,
            "height": self.info.height,
            "frames_per_second": round(float(self.info.frames_per_second), 6),
            "frames": len(entries),
            "faces": sum(entry.faces for entry in entries),
            "frames_without_face": sum(entry.faces == 0 for entry in entries),
            "tracks": len(self.tracks),
            **self.settings.values,
            "seconds": round(seconds, 3),
            "fps": round((len(entries) - self.frames_before) / seconds, 1) if seconds > 0 else 0.0,
            "completed": completed,
        }
        write_json(self.folder / REPORT, report)


def _frames_in(info: SourceInfo, settings: Settings) -> int | None:
    """How many frames will be looked at, as far as the source tells."""
    if info.frame_count is None:
        return None
    end = info.frame_count if settings.stop is None else min(info.frame_count, settings.stop)
    return max(0, -(-(end - settings.start) // settings.every))
