"""Extraction of one source: decode (thread) -> find -> track -> smooth -> align and write (threads)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from faceswap.core.exact import packed_face, unpacked_face
from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder, Resumable, batches
from faceswap.extraction.journal import JOURNAL, Journal
from faceswap.extraction.naming import crop_name
from faceswap.extraction.settings import ExtractionSettings
from faceswap.extraction.stored_face import stored_face
from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import SourceInfo
from faceswap.media.stages import Stage
from faceswap.track.shots import FrameSignature
from faceswap.track.smoothing import TrackedFrame, smoothed_tracks, track_faces
from faceswap.track.tracker import Tracker
from faceswap.utils.errors import UserError, reason_of

WRITER_THREADS = 2
QUEUE_BYTES = 200_000_000  # of frames that wait between two stages


@dataclass(frozen=True, eq=False)
class Place:
    """Where a run was within a source: after the frame `last`; `held` are the frames that smoothing still needs."""

    last: int
    first_track: int
    finder: Any
    held: dict[int, tuple[bool, list[Face]]]

    @classmethod
    def of(cls, value: dict[str, Any]) -> Place:
        """Return the place of a mark in the journal. Raises ValueError, KeyError or TypeError when it is none."""
        held = {
            int(one["frame"]): (bool(one["cut"]), [unpacked_face(face) for face in one["faces"]])
            for one in value["held"]
        }
        return cls(int(value["last"]), int(value["first_track"]), value["finder"], held)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what a journal that somebody changed leads to into one line for the user."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{folder / JOURNAL} does not tell where the run before was ({reason_of(error)}); "
            "restart=true deletes its faces and starts anew"
        ) from error


@dataclass(eq=False)
class SourceExtraction:
    """The frames of the source with this `number`, from its start or from the place that a `mark` of the journal tells.

    A place is marked after each batch of the finder: its state, the tracker's, and the faces that smoothing still holds
    back. Batches are thus the same however often a run is stopped, and so are the faces to the last bit.
    """

    info: SourceInfo
    number: int
    finder: Finder
    tracker: Tracker
    folder: Path
    settings: ExtractionSettings
    journal: Journal
    mark: dict[str, Any] | None

    def __post_init__(self) -> None:
        self.smooth_frames = 0 if self.info.kind == "images" else self.settings.smooth_frames
        self.place = None if self.mark is None else Place.of(self.mark)
        self.first_track = self.tracker.next_track if self.place is None else self.place.first_track
        self.tracks: set[int] = set()
        self._window: deque[TrackedFrame] = deque(maxlen=2 * self.smooth_frames)
        self._places: dict[int, dict[str, Any]] = {}  # by the number of frames found until then
        # Of a place so many more frames were found than noted.
        self._found_count, self._noted_count = (0 if self.mark is None else self.smooth_frames), 0
        self._batch_end = -1
        self._finder_state: dict[str, Any] | None = None

    def run(self, advance: Callable[[], object]) -> None:
        """Store all faces that are still to find; `advance` is called after each frame."""
        depth = int(np.clip(QUEUE_BYTES // (self.info.width * self.info.height * 3), 2, 16))
        noted = self.journal.entries[-1].frame if self.place is not None else -1
        waiting: deque[tuple[int, Future[list[str]]]] = deque()
        with (
            ThreadPoolExecutor(WRITER_THREADS, "write") as pool,
            Stage(self._frames(), depth, "decode") as stage,
        ):
            try:
                for found in smoothed_tracks(self._found(iter(stage)), self.smooth_frames):
                    if found.frame.index <= noted:  # it was only there to smooth its neighbours
                        continue
                    self.journal.plan(self.number, found.frame.index, len(found.faces))
                    waiting.append((found.frame.index, pool.submit(self._store, found.frame, found.faces)))
                    while waiting and (len(waiting) > depth or waiting[0][1].done()):
                        self._note_next(waiting)
                    advance()
            finally:  # also when stopped: what was found is kept
                while waiting:
                    self._note_next(waiting)
        self.tracker.start_source()
        self.journal.mark({"source": self.number + 1, "linker": self.tracker.state()})

    def _frames(self) -> Iterator[Frame]:
        first = self.settings.start
        if self.place is not None:
            first = min([self.place.last, *self.place.held])
        for frame in read_frames(self.info, first, self.settings.stop):
            if (frame.index - self.settings.start) % self.settings.every == 0:
                yield frame

    def _found(self, frames: Iterator[Frame]) -> Iterator[TrackedFrame]:
        """Yield the remaining frames with their faces and tracks, after those that smoothing needs once more."""
        before = None
        if self.place is not None:
            last, following = self._taken_up(self.place, frames)
            yield from self._window
            before = None if last is None else FrameSignature.of(last)
            frames = following
        for found in track_faces(self._usable(frames), self.tracker, before):
            self.tracks.update(face.track for face in found.faces)
            self._found_count += 1
            self._window.append(found)
            if found.frame.index == self._batch_end:
                self._places[self._found_count] = self._place_after(found.frame)
            yield found

    def _taken_up(self, place: Place, frames: Iterator[Frame]) -> tuple[Frame | None, Iterator[Frame]]:
        """Return the last frame that was found (None: it is gone) and those after it; the finder is put there."""
        last, following = None, frames
        for frame in frames:
            if frame.index > place.last:
                following = chain([frame], frames)
                break
            if frame.index in place.held:
                cut, faces = place.held[frame.index]
                self._window.append(TrackedFrame(frame, faces, cut))
            if frame.index == place.last:
                last = frame
                break
        if isinstance(self.finder, Resumable):
            with explained(self.folder):
                self.finder.restore(place.finder, last)
        return last, following

    def _usable(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[Face]]]:
        for batch in batches(self.finder, frames):
            self._batch_end = batch[-1][0].index
            self._finder_state = self.finder.state() if isinstance(self.finder, Resumable) else None
            for frame, faces in batch:
                yield frame, [self._numbered(face) for face in faces if self._is_usable(face)]

    def _is_usable(self, face: Face) -> bool:
        return (face.box[2:] - face.box[:2]).max() >= self.settings.minimum_face_px

    def _numbered(self, face: Face) -> Face:
        """Return the face with its track numbered for the set: the numbers of a finder begin at 0 in each source."""
        return face if face.track < 0 else replace(face, track=face.track + self.first_track)

    def _place_after(self, frame: Frame) -> dict[str, Any]:
        return {
            "source": self.number,
            "last": frame.index,
            "first_track": self.first_track,
            "linker": self.tracker.state(),
            "finder": self._finder_state,
            "held": [
                {"frame": held.frame.index, "cut": held.cut, "faces": [packed_face(face) for face in held.faces]}
                for held in self._window
            ],
        }

    def _store(self, frame: Frame, faces: Sequence[Face]) -> list[str]:
        """Write the crops of a frame and return their lines for the alignments file."""
        lines = []
        for number, face in enumerate(faces):
            name = crop_name(self.number, frame.index, number, self.settings.image_format)
            record, image = stored_face(frame, face, name, self.settings.size_px, self.number)
            write_image(self.folder / name, image)
            lines.append(record.to_json())
        return lines

    def _note_next(self, waiting: deque[tuple[int, Future[list[str]]]]) -> None:
        frame, lines = waiting.popleft()
        try:
            self.journal.add(self.number, frame, lines.result())
            self._noted_count += 1
            place = self._places.pop(self._noted_count + self.smooth_frames, None)
            if place is not None:
                self.journal.mark(place)
        except BaseException:
            waiting.clear()  # a frame that is noted vouches for all before it
            raise
