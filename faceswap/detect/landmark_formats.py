"""Readers of landmark files, one function per format; all of them safe for untrusted files.

Each returns `ImportedFaces`; damaged or foreign content raises ValueError (or its child PickleError) with one line.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_set import ALIGNMENTS, REPORT
from faceswap.core.landmarks import INNER
from faceswap.core.values import POINT_COUNT, Face
from faceswap.utils.limits import ARRAY_BYTES, TABLE_BYTES
from faceswap.utils.untrusted.arrays import ANY_SHAPE, Expected
from faceswap.utils.untrusted.arrays import read_npz as read_arrays
from faceswap.utils.untrusted.reading import parse_json, read_bytes, read_json_table, read_lines, read_text
from faceswap.utils.untrusted.safe_pickle import loads

_POINTS_NAMES = ("points", "lm68", "landmarks")
_COLUMNS = dict.fromkeys(
    ("frame", "points", "lm68", "box", "score", "track", "valid", "meta"), Expected("biufU", ANY_SHAPE)
)
_NO_POINTS, _NO_FACE = "without 68 points", "whose points are unknown or lie on one spot"
_NO_DATA = "pictures without landmarks in them"
_LEAST_EXTENT_PX = 1.0  # of the inner points: those on one spot have no direction


@dataclass(frozen=True)
class ImportedFaces:
    """Faces by frame: the key is the frame's number from 0, or its picture's name when the format stores names.

    `size` is the (width, height) of the frames in pixels where the file tells it. `as_stored`: coordinates count the
    pixels as the film stores them, which matters where these are not square. `left_out`: how many could not be taken,
    by reason.
    """

    faces: Mapping[int | str, list[Face]]
    size: tuple[int, int] | None = None
    as_stored: bool = False
    left_out: Counter[str] = field(default_factory=Counter)


def read_npz(path: Path) -> ImportedFaces:
    """Read a numpy archive.

    Its arrays: `frame` (N,), `points` or `lm68` (N, 68, 2), optional `box` (N, 4), `score`, `track` (N,).

    Rows whose `valid` is not 1 or whose points are not finite are left out; `meta` (JSON) may tell width and height.
    """
    columns = read_arrays(path, _COLUMNS, optional=list(_COLUMNS), most_bytes=ARRAY_BYTES)
    meta = columns.pop("meta", None)
    left = Counter[str]()
    size = _size_of({} if meta is None else parse_json(str(meta)))
    return ImportedFaces(_faces_of_columns(columns, left), size, left_out=left)


def read_json(path: Path, source: int = 0) -> ImportedFaces:
    """Read JSON: a list of faces, `{"faces": [...]}`, columns as in the .npz, or one face a line (our alignments).

    A face has `frame` (number from 0, or the picture's name), `points` (68 x 2), and may have `box`, `score`, `track`.
    Of alignments of several films those of film number `source` are read.
    """
    left = Counter[str]()
    if _has_a_face_a_line(path):
        whole = (parse_json(line) for line, ended in read_lines(path) if ended and line.strip())
        own = (row for row in whole if not isinstance(row, dict) or row.get("source", 0) == source)
        return ImportedFaces(_faces_of_rows(own, left), _size_beside(path), left_out=left)
    value = parse_json(read_text(path, TABLE_BYTES))
    if isinstance(value, dict) and isinstance(value.get("frame"), list):
        return ImportedFaces(_faces_of_columns(value, left), _size_of(value), left_out=left)
    rows = value.get("faces", [value] if "frame" in value else None) if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise ValueError("it has no list of faces")
    return ImportedFaces(_faces_of_rows(rows, left), _size_of(value), left_out=left)


def _has_a_face_a_line(path: Path) -> bool:
    """Return whether the first line is a face by itself; a last line cut off by a kill is dropped then."""
    try:
        line, ended = next(read_lines(path))
        first = parse_json(line)
    except (ValueError, StopIteration):
        return False  # one value, over several lines or a very long one
    return ended and isinstance(first, dict) and "frame" in first and not isinstance(first["frame"], list)


def _size_beside(alignments: Path) -> tuple[int, int] | None:
    """Return the size of the frames that a face set of this project was made from, as the report beside it tells."""
    report = alignments.with_name(REPORT)
    if alignments.name != ALIGNMENTS or not report.is_file():
        return None
    return _size_of(read_json_table(report))


def read_fsa(path: Path) -> ImportedFaces:
    """Read the alignments of deepfakes/faceswap: a zlib-compressed pickle {"__data__": {name: {"faces": [...]}}}.

    Old files have the frames at the top, plain lists of faces, or call the landmarks `landmarksXY`.
    """
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(read_bytes(path, ARRAY_BYTES), ARRAY_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError("it unpacks to more than 1 GB")
    if not unpacker.eof:
        raise ValueError("it is cut short")
    value = loads(content)
    frames = value.get("__data__", value) if isinstance(value, dict) else None
    if not isinstance(frames, dict):
        raise ValueError("it has no table of frames")
    faces: dict[int | str, list[Face]] = {}
    left = Counter[str]()
    for name, entry in frames.items():
        rows = entry.get("faces") if isinstance(entry, dict) else entry
        if not isinstance(name, str) or not isinstance(rows, list):
            raise ValueError("its table of frames has another shape")
        faces[name] = [face for row in rows if (face := _fsa_face(row, left))]
    return ImportedFaces(faces, as_stored=True, left_out=left)


def read_dfl(files: Iterable[Path]) -> ImportedFaces:
    """Read DeepFaceLab's aligned JPEGs; other JPEGs are skipped.

    Each carries a pickled dictionary in an APP15 segment, with the name of its frame (`source_filename`) and the
    landmarks and box there (`source_landmarks`, `source_rect`).
    """
    faces: dict[int | str, list[Face]] = defaultdict(list)
    left = Counter[str]()
    for path in files:
        try:
            segment = _app15(path)
            if segment is None:
                left[_NO_DATA] += 1
            elif named := _dfl_face(loads(segment), left):
                faces[named[0]].append(named[1])
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
    return ImportedFaces(dict(faces), as_stored=True, left_out=left)


def has_dfl_data(path: Path) -> bool:
    """Return whether a file is a JPEG with an APP15 segment."""
    try:
        return _app15(path) is not None
    except ValueError:
        return False


def _faces_of_columns(columns: Mapping[str, Any], left: Counter[str]) -> dict[int | str, list[Face]]:
    name = next((name for name in _POINTS_NAMES if name in columns), None)
    if name is None or "frame" not in columns:
        raise ValueError(f"it needs frame and points (68 x 2 a face), it has: {', '.join(columns)[:100]}")
    frames, points = np.asarray(columns["frame"]), np.asarray(columns[name], np.float32)
    count = len(frames)
    if frames.ndim != 1 or frames.dtype.kind not in "iuU" or points.shape != (count, POINT_COUNT, 2):
        raise ValueError(f"frame must be (N,) numbers and points (N, 68, 2), not {frames.shape} and {points.shape}")
    optional = {key: np.asarray(columns[key]) for key in ("box", "score", "track", "valid") if key in columns}
    for key, column in optional.items():
        if column.shape != ((count, 4) if key == "box" else (count,)) or column.dtype.kind not in "biuf":
            raise ValueError(f"{key} must be {'(N, 4)' if key == 'box' else '(N,)'} numbers, not {column.shape}")
    faces: dict[int | str, list[Face]] = defaultdict(list)
    for row, frame in enumerate(frames.tolist()):
        values = {key: column[row] for key, column in optional.items()}
        if values.pop("valid", 1) == 1 and (face := _face(points[row], left, **values)):
            faces[frame].append(face)
    return dict(faces)


def _faces_of_rows(rows: Iterable[Any], left: Counter[str]) -> dict[int | str, list[Face]]:
    faces: dict[int | str, list[Face]] = defaultdict(list)
    for number, row in enumerate(rows, 1):
        name = next((name for name in _POINTS_NAMES if isinstance(row, dict) and name in row), None)
        if name is None or not isinstance(frame := row.get("frame"), int | str):
            raise ValueError(f"face {number} needs frame (a number or a name) and points (68 x 2)")
        points = _numbers(row[name], (POINT_COUNT, 2))
        if points is None:
            raise ValueError(f"face {number}: points must be 68 pairs of numbers")
        box = _numbers(row["box"], (4,)) if row.get("box") is not None else None
        score, track = row.get("score"), row.get("track")
        score = 1.0 if not isinstance(score, int | float) else score
        if face := _face(points, left, box, score, track if isinstance(track, int) else -1):
            faces[frame].append(face)
    return dict(faces)


def _fsa_face(row: Any, left: Counter[str]) -> Face | None:
    if not isinstance(row, dict):
        raise ValueError("its table of frames has another shape")
    points = _numbers(row.get("landmarks_xy", row.get("landmarksXY")), (POINT_COUNT, 2))
    if points is None:
        left[_NO_POINTS] += 1  # a mask only, or points of another scheme
        return None
    edges = _numbers([row.get("x"), row.get("y"), row.get("w"), row.get("h")], (4,))
    box = None if edges is None else np.concatenate([edges[:2], edges[:2] + edges[2:]])
    return _face(points, left, box)


def _dfl_face(value: Any, left: Counter[str]) -> tuple[str, Face] | None:
    if not isinstance(value, dict):
        raise ValueError("its metadata is no dictionary")
    name, points = value.get("source_filename"), _numbers(value.get("source_landmarks"), (POINT_COUNT, 2))
    if not isinstance(name, str) or points is None:
        left[_NO_POINTS] += 1
        return None
    face = _face(points, left, _numbers(value.get("source_rect"), (4,)))
    return (name, face) if face else None


def _face(
    points: NDArray, left: Counter[str], box: NDArray | None = None, score: float = 1.0, track: int = -1
) -> Face | None:
    """Return a face; None where the points are unknown (not finite) or no face. Without a box: that of the points."""
    known = np.isfinite(points).all() and np.abs(points).max() <= 1e6 and np.ptp(points, axis=0).min() >= 1e-3
    if not known or np.ptp(points[INNER], axis=0).max() <= _LEAST_EXTENT_PX:
        left[_NO_FACE] += 1
        return None
    score = float(np.clip(score, 0, 1)) if np.isfinite(score) else 1.0
    if box is not None and np.isfinite(box).all() and box[2] > box[0] and box[3] > box[1]:
        return Face(box, points, score, int(track))
    return Face.from_points(points, score, int(track))


def _numbers(value: Any, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """Return `value` as an array of exactly that shape, or None.

    Looks before it converts, so nested lists cannot explode.
    """
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.shape == shape and value.dtype.kind in "iuf" else None
    if not isinstance(value, list | tuple) or len(value) != shape[0]:
        return None
    if len(shape) == 1:
        numbers = all(isinstance(item, int | float) for item in value)
        return np.array([float(item) for item in value], np.float32) if numbers else None
    rows = [_numbers(item, shape[1:]) for item in value]
    return None if any(row is None for row in rows) else np.array(rows, np.float32)


def _size_of(meta: Any) -> tuple[int, int] | None:
    size = (meta.get("width"), meta.get("height")) if isinstance(meta, dict) else (None, None)
    return size if all(isinstance(edge, int) and edge > 0 for edge in size) else None  # type: ignore[return-value]


def _app15(path: Path) -> bytes | None:
    """Return the contents of a JPEG's APP15 segment, or None when there is none or the file is no JPEG."""
    with open(path, "rb") as file:
        if file.read(2) != b"\xff\xd8":
            return None
        while (marker := _next_marker(file)) is not None:
            if marker in (0xD9, 0xDA):  # end of image, start of the compressed picture
                return None
            if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # markers without a segment
                continue
            head = file.read(2)
            if len(head) < 2 or (length := struct.unpack(">H", head)[0]) < 2:
                return None
            if marker == 0xEF:
                return file.read(length - 2)
            file.seek(length - 2, 1)
    return None


def _next_marker(file: BinaryIO) -> int | None:
    if file.read(1) != b"\xff":
        return None
    code = file.read(1)
    while code == b"\xff":  # fill bytes
        code = file.read(1)
    return code[0] if code else None
