"""The landmark-file finder: faces from a landmark file made earlier or by another program."""

from __future__ import annotations

import hashlib
import logging
import os
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from faceswap.core.face_set import ALIGNMENTS, REPORT, FaceSet
from faceswap.core.set_sources import sources_of
from faceswap.core.values import Face, Frame
from faceswap.detect.builtin.tracked_face import certainty
from faceswap.detect.config import LandmarksConfig
from faceswap.detect.frame_matching import (
    counted_from,
    film_numbers,
    in_frame_pixels,
    picture_numbers,
    with_tracks_from_0,
)
from faceswap.detect.frame_numbering import Reader, first_number
from faceswap.detect.landmark_formats import ImportedFaces, has_dfl_data, read_dfl, read_fsa, read_json, read_npz
from faceswap.media.listing import list_pictures
from faceswap.utils.errors import UserError
from faceswap.utils.limits import FACES_A_FRAME
from faceswap.utils.untrusted.file_kinds import look_mistaken
from faceswap.utils.untrusted.reading import open_regular, read_json_table

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

logger = logging.getLogger(__name__)

ACCEPTED = (
    "this project's alignments.jsonl, a .npz or .json with frame, box and 68 points, "
    "a folder of DeepFaceLab's aligned JPEGs, deepfakes/faceswap's .fsa"
)
# What may lie beside "clip.mp4"; the last two are what deepfakes/faceswap writes for a video and for a folder.
_BESIDE = (
    "{name}.landmarks.npz",
    "{stem}.landmarks.npz",
    "{name}.ref.npz",
    "{name}.landmarks.json",
    "{stem}.landmarks.json",
    "{stem}_alignments.fsa",
)
_BEFORE_JSON = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # marks of UTF-8 and UTF-16, and what may stand before a value
_JPEG_SUFFIXES = {".jpg", ".jpeg"}
_UNREADABLE = (ValueError, LookupError, TypeError, OSError, EOFError, MemoryError, RecursionError,
               zlib.error, zipfile.BadZipFile)  # fmt: skip


class LandmarksFinder:
    """Faces from `path`: a landmark file of any known format (told by its content), or a folder of them.

    Without a path the file is looked for beside the source: `clip.landmarks.npz`, `clip.mp4.ref.npz`,
    `clip_alignments.fsa` and the like. Formats that store picture names instead of numbers are matched by name for
    pictures; for a video by the number at the name's end. `first`: the number of a video's first frame in files of
    other programs, 0 or 1; None: what the file and the pictures show (frame_numbering.py).
    """

    batch_size = 8

    def __init__(self, path: str | None = LandmarksConfig.path, first: int | None = LandmarksConfig.first) -> None:
        if first not in (None, 0, 1):
            raise UserError(f"finder.first={first}: the number of the film's first frame is 0 or 1")
        self.path = Path(path) if path else None
        self._first = first
        self._one_film: Path | None = None  # whose faces the file `path` holds
        self._faces: dict[int, list[Face]] = {}
        self._description = f"landmarks {path or 'beside the source'}"

    @property
    def description(self) -> str:
        """The files' names and a checksum of their contents (known after `prepare`)."""
        return self._description

    def prepare(self, source: SourceInfo) -> None:
        """Read the file and matches it to the frames of `source`.

        Raises:
            UserError: It does not fit.
        """
        self._faces = {}
        media = source.files if source.kind == "images" else (source.path,)
        folder = self.path if self.path and self.path.is_dir() else None
        beside = [_beside(Path(file), folder) for file in media] if folder or self.path is None else []
        if self.path and not self.path.exists():
            raise UserError(f"no such landmark file: {self.path}; accepted: {ACCEPTED}")
        if any(beside):
            self._read_beside(beside, source)
        elif self.path is None:
            raise UserError(f"no landmark file lies beside {source.path}; name one: finder.path=FILE ({ACCEPTED})")
        else:
            imported, used = _read(self.path, source)
            self._refuse_second(source, used)
            self._faces = in_frame_pixels(self._by_frame(imported, source, self.path), imported, source, self.path)
            self._description = _describe(used)
            _tell_left_out(imported, self._faces, source, self.path)
        if self._first is not None:
            self._description += f" from {self._first}"
        self._faces = with_tracks_from_0(self._faces)

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """Return the stored faces of each frame; those that lie wholly outside the picture are left out."""
        return [[face for face in self._faces.get(frame.index, []) if _meets(face, frame)] for frame in frames]

    def _read_beside(self, beside: Sequence[Path | None], source: SourceInfo) -> None:
        for index, path in enumerate(beside):
            if path is None:
                continue
            imported, _ = _read(path, source)
            if source.kind == "images":  # a file for each picture
                # Tracks of different files have nothing to do with each other.
                self._faces[index] = [replace(face, track=-1) for found in imported.faces.values() for face in found]
            else:
                self._faces = in_frame_pixels(self._by_frame(imported, source, path), imported, source, path)
                _tell_left_out(imported, self._faces, source, path)
        self._description = _describe([path for path in beside if path])

    def _by_frame(self, imported: ImportedFaces, source: SourceInfo, path: Path) -> dict[int, list[Face]]:
        """Return the faces by frame number from 0; names are matched to the source's pictures or read as numbers."""
        numbers = {key: list(faces) for key, faces in imported.faces.items() if isinstance(key, int)}
        names = {key: faces for key, faces in imported.faces.items() if isinstance(key, str)}
        if source.kind != "images" and path.name != ALIGNMENTS:
            numbers = self._counted(numbers, source, path)
        named: dict[int, list[Face]] = defaultdict(list)
        number_of = picture_numbers(source) if source.kind == "images" else film_numbers(names)
        for name, faces in names.items():
            number = number_of.get(Path(name).name, number_of.get(Path(name).stem))
            if number is not None:
                named[number] += faces
        if source.kind != "images" and any(named.values()):
            first = first_number(named, source, path, _reader) if self._first is None else self._first
            named = defaultdict(list, counted_from(named, first, path))
        for number, faces in named.items():
            numbers.setdefault(number, []).extend(faces)
        if not numbers:
            example = next(iter(names))
            raise UserError(f"{path} speaks of frames like '{example[:60]}', which fit nothing in {source.path}")
        return numbers

    def _counted(self, numbers: dict[int, list[Face]], source: SourceInfo, path: Path) -> dict[int, list[Face]]:
        """Return faces by frame number from 0; a number past the end raises UserError, which asks for `first`."""
        last, count = max(numbers, default=0), source.frame_count
        if self._first is None and count and last == count and 0 not in numbers:
            raise UserError(
                f"{path} has a face in frame {last}, and {source.path} has the frames 0 to {count - 1}: say "
                "finder.first=1 if it counts from 1, else finder.first=0"
            )
        return counted_from(numbers, self._first or 0, path)

    def _refuse_second(self, source: SourceInfo, used: Sequence[Path]) -> None:
        """Raise UserError when one film's landmarks would be used for all films of a set."""
        if used[0].name != ALIGNMENTS and self._one_film not in (None, source.path):
            raise UserError(
                f"finder.path={self.path} holds the faces of one film; for several lay a file beside each, or name a "
                "folder of such files"
            )
        self._one_film = source.path


def _tell_left_out(imported: ImportedFaces, faces: Mapping[int, list[Face]], source: SourceInfo, path: Path) -> None:
    """Log how many faces could not be taken, and why."""
    left = Counter(imported.left_out)
    count = len(source.files) or (source.frame_count or max(faces, default=0)) + 1  # films tell theirs about right
    taken = sum(len(found) for number, found in faces.items() if 0 <= number < count)
    if missing := sum(map(len, imported.faces.values())) - taken:
        left["of frames that the source does not have"] += missing
    if left:
        told = ", ".join(f"{number} {reason}" for reason, number in left.items())
        logger.warning("%s: faces left out: %s", path, told)


def _read(path: Path, source: SourceInfo) -> tuple[ImportedFaces, list[Path]]:
    """Return the faces in a file or folder, and the files that were read."""
    files = [path]
    try:
        if path.is_dir():
            if (path / ALIGNMENTS).is_file():
                return _read(path / ALIGNMENTS, source)
            files = [file for file in list_pictures(path) if file.suffix.lower() in _JPEG_SUFFIXES]
            imported = read_dfl(files)
        elif path.name == ALIGNMENTS:
            if path.with_name(REPORT).is_file():
                FaceSet.open(path.parent, with_deleted=True)  # refuses one that has lost faces
            imported = read_json(path, _number_of(source, path.with_name(REPORT)))
        else:
            imported = _reader_for(path)(path)
    except _UNREADABLE as error:
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        reason = (not path.suffix.lower().startswith(".json") and look_mistaken(path)) or told
        raise UserError(f"cannot read landmarks from {path}: {reason}; accepted: {ACCEPTED}") from error
    if not any(imported.faces.values()):
        raise UserError(f"no face with 68 points in {path}; accepted: {ACCEPTED}")
    most = max(map(len, imported.faces.values()))
    if most > FACES_A_FRAME:
        raise UserError(f"{path} has {most} faces in one frame; up to {FACES_A_FRAME} are accepted")
    return imported, files


def _number_of(source: SourceInfo, report: Path) -> int:
    """Return which film of a face set a source is; 0 where the set is of one.

    Raises ValueError when it is none of several.
    """
    sources = sources_of(read_json_table(report)) if report.is_file() else ()
    if len(sources) < 2:
        return 0
    paths = [os.path.realpath(known.path) for known in sources]
    if os.path.realpath(source.path) not in paths:
        raise ValueError(f"it is of other films: {', '.join(known.path.name for known in sources)[:100]}")
    return paths.index(os.path.realpath(source.path))


def _reader_for(path: Path) -> Callable[[Path], ImportedFaces]:
    """Return the reader that fits the first bytes, whatever the name says."""
    with open(open_regular(path), "rb") as file:
        head = file.read(64)
    if head.startswith(b"PK"):
        return read_npz
    if head.lstrip(_BEFORE_JSON)[:1] in (b"{", b"["):
        return read_json
    if head[:1] == b"\x78" and len(head) > 1 and int.from_bytes(head[:2]) % 31 == 0:  # zlib's header (RFC 1950)
        return read_fsa
    if has_dfl_data(path):
        return lambda file: read_dfl([file])
    raise ValueError("it is no landmark file" if head else "it is empty")


def _beside(media: Path, folder: Path | None) -> Path | None:
    """Return the landmark file that belongs to a media file by its name, in `folder` or beside it."""
    for pattern in _BESIDE:
        path = (folder or media.parent) / pattern.format(name=media.name, stem=media.stem)
        if path.is_file():
            return path
    return None


def _reader() -> Reader:
    """Return the project's own landmarks, to see in which frame given ones lie.

    Raises UserError without its weights.
    """
    from faceswap.facenets.landmarks import LandmarkPredictor

    network = LandmarkPredictor()

    def read(frame: Frame, points: NDArray) -> tuple[NDArray, float]:
        [seen] = network.read([frame.image], [network.window_of_points(points)])
        return seen.points, certainty(seen)

    return read


def _describe(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(os.fsencode(file.name) + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    name = files[0].name if len(files) == 1 else f"{files[0].parent.name} ({len(files)} files)"
    return f"landmarks {name} sha256 {digest.hexdigest()[:16]}"


def _meets(face: Face, frame: Frame) -> bool:
    x0, y0, x1, y1 = face.box
    return bool(x1 > 0 and y1 > 0 and x0 < frame.width - 1 and y0 < frame.height - 1)
