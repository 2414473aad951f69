"""Repair of the faces of one film of a face set: points moved, faces added, changes carried along, undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord, read_records
from faceswap.core.face_set import ALIGNMENTS, REPAIRS, FaceSet
from faceswap.core.landmarks import INNER
from faceswap.core.values import Face, Frame
from faceswap.curation.repair import history
from faceswap.curation.repair.carrying import between, shifted
from faceswap.curation.repair.history import Exchange, Repair
from faceswap.extraction.naming import crop_name
from faceswap.extraction.stored_face import stored_face
from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import SourceInfo
from faceswap.utils.errors import UserError
from faceswap.utils.files.links import own_folder
from faceswap.utils.files.locks import locked
from faceswap.utils.limits import FACES_A_FRAME, FRAME_SIDE_PX, REPAIRED_FACES

LEAST_FACE_PX = 4.0  # of the inner points: less is no face
How = Literal["shift", "between"]


@dataclass(frozen=True, eq=False)
class _New:
    """A face to be stored: `known` is what stands there now, None for one that is new."""

    known: FaceRecord | None
    frame: int
    face: Face
    file: str


class FaceRepair:
    """Repairs the faces of one film.

    Args:
        folder: The face set.
        info: The film, as it was when its faces were extracted.
        source: Which of the set's films it is.

    Raises:
        UserError: The film has changed since, or is none of the set's.
    """

    def __init__(self, folder: Path, info: SourceInfo, source: int = 0) -> None:
        face_set = FaceSet.open(folder, with_deleted=True)
        if source >= len(face_set.sources):
            raise UserError(f"{folder.name} was not extracted from {source + 1} films")
        told = face_set.sources[source].sha256
        if told is not None and told != info.fingerprint:
            raise UserError(f"{info.path} has changed since {folder.name} was extracted from it; extract it again")
        if face_set.report.get("completed") is False:
            raise UserError(f"{folder.name} is not extracted to the end yet; let extract go on first")
        self.folder, self.info, self.source = folder, info, source

    def move(self, file: str, points: NDArray) -> FaceRecord:
        """Give a face other points (68, 2), in frame pixels, and cut its crop anew."""
        points = checked(points)
        with _repairing(self.folder):
            known = {record.file: record for record in self._records()}
            if file not in known:
                raise UserError(f"{file[:60]} is no face of {self.folder.name}")
            new = _New(known[file], known[file].frame, _moved(known[file], points), file)
            return self._store("moved", [new])[0]

    def add(self, frame: int, points: NDArray, track: int | None = None) -> FaceRecord:
        """Add a face that was missed.

        Args:
            frame: Where it is seen.
            points: (68, 2) in frame pixels.
            track: Whose it is; None: somebody's of a track of their own.
        """
        points = checked(points)
        with _repairing(self.folder):
            records = self._records()
            tracks = {record.track for record in read_records(self.folder / ALIGNMENTS)}
            if track is not None and track not in tracks:
                raise UserError(f"{self.folder.name} has no track {track}")
            if track is not None and any(one.frame == frame and one.track == track for one in records):
                raise UserError(f"track {track} has a face in frame {frame} already: move that one")
            number = max(tracks, default=-1) + 1 if track is None else track
            new = _New(None, frame, Face.from_points(points, track=number), self._free_name(records, frame))
            return self._store("added", [new])[0]

    def carry(self, track: int, first: int, last: int, how: How = "shift") -> list[FaceRecord]:
        """Carry what was set by hand along a track, and return the faces that it changed.

        Args:
            track: Whose faces.
            first: The first frame.
            last: The last frame.
            how: shift: each face found there gets the change that its neighbours got by hand (see `shifted`);
                between: all frames from the first set by hand to the last get points between these, also frames
                in which no face was found.
        """
        if not 0 <= first <= last or last - first >= REPAIRED_FACES:
            raise UserError(f"frames {first} to {last}: the range goes up, over {REPAIRED_FACES:,} frames at most")
        with _repairing(self.folder):
            records = [one for one in self._records() if one.track == track and first <= one.frame <= last]
            original, hand_files = history.as_extracted(self.folder)
            by_hand = {one.frame: one.points for one in records if one.file in hand_files}
            if len({one.frame for one in records}) < len(records):
                raise UserError(f"track {track} has two faces in one frame: it is nobody's path")
            make = self._shifted if how == "shift" else self._between
            changed = make(records, original, by_hand, track)
            return self._store("carried", changed) if changed else []

    def _shifted(
        self,
        records: Sequence[FaceRecord],
        original: Mapping[str, FaceRecord | None],
        by_hand: Mapping[int, NDArray],
        track: int,
    ) -> list[_New]:
        found = {one.frame: original.get(one.file, one) for one in records}
        bases = [base for base in found.values() if base is not None]
        of_finder = {base.frame for base in bases}
        hand = {frame: points for frame, points in by_hand.items() if frame in of_finder}
        if not hand:
            raise UserError("move the points of a face in that range first: its change is then carried along")
        points = dict(zip([base.frame for base in bases], shifted(bases, hand), strict=True))
        return [
            _New(one, one.frame, _moved(one, points[one.frame]), one.file)
            for one in records
            if one.frame in points and one.frame not in hand
        ]

    def _between(
        self,
        records: Sequence[FaceRecord],
        original: Mapping[str, FaceRecord | None],
        by_hand: Mapping[int, NDArray],
        track: int,
    ) -> list[_New]:
        if len(by_hand) < 2:
            raise UserError("set the face in two frames of that range first, by moving or adding it")
        known, everyone = {one.frame: one for one in records}, self._records()
        frames = [frame for frame in range(min(by_hand), max(by_hand) + 1) if frame not in by_hand]
        found = []
        for frame, points in zip(frames, between(frames, by_hand) if frames else [], strict=True):
            there = known.get(frame)
            face = _moved(there, points) if there else Face.from_points(points, track=track)
            found.append(_New(there, frame, face, there.file if there else self._free_name(everyone, frame)))
        return found

    def _records(self) -> list[FaceRecord]:
        return [one for one in read_records(self.folder / ALIGNMENTS) if one.source == self.source]

    def _free_name(self, records: Sequence[FaceRecord], frame: int) -> str:
        here = [one.file for one in records if one.frame == frame]
        if len(here) >= FACES_A_FRAME:
            raise UserError(f"frame {frame} holds {FACES_A_FRAME} faces already")
        ending = Path((here or [records[0].file if records else ".png"])[0]).suffix[1:] or "png"
        names = (crop_name(self.source, frame, number, ending) for number in range(2 * FACES_A_FRAME))
        return next(name for name in names if name not in here and not (self.folder / name).exists())

    def _store(self, what: history.What, faces: Sequence[_New]) -> list[FaceRecord]:
        """Cut the crops, then exchange them and the records in one go."""
        size_px = next((one.known.size_px for one in faces if one.known), None) or self._size_px()
        new = own_folder(self.folder / REPAIRS / history.NEW)
        exchanges = []
        for frame, one in self._with_frames(faces):
            size = one.known.size_px if one.known else size_px
            record, crop = stored_face(frame, one.face, one.file, size, self.source)
            place = history.place_of(self.folder, one.file) if one.known else "used"
            if place != "deleted":
                write_image(new / one.file, crop)
            exchanges.append(Exchange(one.known, FaceRecord.from_json(record.to_json()), place))
        history.begin(self.folder, what, exchanges)
        return [one.record for one in exchanges]

    def _with_frames(self, faces: Sequence[_New]) -> Iterator[tuple[Frame, _New]]:
        wanted = {one.frame: one for one in faces}
        for frame in read_frames(self.info, min(wanted), max(wanted) + 1, only=set(wanted)):
            yield frame, wanted.pop(frame.index)
        if wanted:
            raise UserError(f"{self.info.path} has no frame {min(wanted)} that can be read")

    def _size_px(self) -> int:
        records = read_records(self.folder / ALIGNMENTS)
        return records[0].size_px if records else 256


def undo(folder: Path) -> Repair:
    """Take back the last repair of a face set, and return it. Raises UserError when there is none."""
    with _repairing(folder):
        return history.undo_last(folder)


def checked(points: NDArray) -> NDArray[np.float32]:
    """Return points (68, 2) as they are stored. Raises UserError for what is no face."""
    found = np.asarray(points, np.float32)
    if found.shape != (68, 2) or not np.isfinite(found).all() or np.abs(found).max() > FRAME_SIDE_PX:
        raise UserError("a face has 68 points, each of two numbers")
    if np.ptp(found[INNER], axis=0).max() < LEAST_FACE_PX:
        raise UserError(f"these points lie within {LEAST_FACE_PX:g} pixels: that is no face")
    return found


@contextmanager
def _repairing(folder: Path) -> Iterator[None]:
    with locked(folder, "repairing it"):
        history.finish(folder)
        yield


def _moved(known: FaceRecord, points: NDArray) -> Face:
    """Return the face of a record with other points; who it is stays known."""
    return replace(Face.from_points(points, known.score, known.track), embedding=known.embedding, visible=known.visible)
