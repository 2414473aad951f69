"""One line of an alignments file: a face, where its crop lies, and what was measured of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import packed, unpacked
from faceswap.core.geometry import scale_of, transform_points
from faceswap.core.values import POINT_COUNT, Face
from faceswap.utils.errors import UserError, reason_of
from faceswap.utils.limits import (
    FACES_A_FRAME,
    FILMS_A_SET,
    FRAME_NUMBER,
    FRAME_SHIFT_PX,
    FRAME_SIDE_PX,
    MEASURED_MAGNITUDE,
)
from faceswap.utils.untrusted.reading import read_lines

# Files of strangers are read too: what lies outside of these is no face set, and would only ask for too much memory.
CROP_SIZES_PX = (16, 4096)


@dataclass(frozen=True, eq=False)
class FaceRecord:
    """One line of the alignments file.

    `file` is the crop's name in the folder, `size_px` its width; `box` (4,) and `points` (68, 2) are frame pixels;
    `frame_to_crop` (2, 3); `blur` in [0, 1], 0 = sharp; `yaw`, `pitch`, `roll` in degrees (see `geometry.Pose`).
    Where the finder told them: `embedding` (128,) and `visible` (68,), 0 for hidden points and 1 for the others.
    `source`: which of the set's films it is of, from 0; `frame` and `time_seconds` count within that film.
    """

    file: str
    frame: int
    time_seconds: float
    box: NDArray[np.float32]
    points: NDArray[np.float32]
    frame_to_crop: NDArray[np.float64]
    score: float
    track: int
    blur: float
    yaw: float
    pitch: float
    roll: float
    size_px: int
    embedding: NDArray[np.float32] | None = None
    visible: NDArray[np.float32] | None = None
    source: int = 0

    @property
    def face(self) -> Face:
        """The face in frame pixels."""
        return Face(self.box, self.points, self.score, self.track, self.embedding, self.visible)

    @cached_property
    def crop_points(self) -> NDArray[np.float32]:
        """The points (68, 2) in crop pixels."""
        return transform_points(self.frame_to_crop, self.points)

    def to_json(self) -> str:
        """Return one line of JSON; coordinates are rounded to 1/1000 px, matrices kept exact."""
        more: dict[str, object] = {}
        if self.embedding is not None:
            more["embedding"] = packed(self.embedding)
        if self.visible is not None:
            more["hidden"] = np.flatnonzero(np.asarray(self.visible) < 0.5).tolist()
        if self.source:
            more["source"] = int(self.source)
        return json.dumps(
            {
                "file": self.file,
                "frame": int(self.frame),
                "time_seconds": round(float(self.time_seconds), 6),
                "box": _rounded(self.box),
                "points": _rounded(self.points),
                "frame_to_crop": np.asarray(self.frame_to_crop, np.float64).tolist(),
                "score": round(float(self.score), 4),
                "track": int(self.track),
                "blur": round(float(self.blur), 4),
                "yaw": round(float(self.yaw), 2),
                "pitch": round(float(self.pitch), 2),
                "roll": round(float(self.roll), 2),
                "size_px": int(self.size_px),
                **more,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, line: str) -> FaceRecord:
        """Return the record of a line.

        Raises:
            ValueError: It is not one.
        """
        try:
            values = json.loads(line)
            record = cls(
                file=str(values["file"]),
                frame=int(values["frame"]),
                time_seconds=float(values["time_seconds"]),
                box=np.asarray(values["box"], np.float32),
                points=np.asarray(values["points"], np.float32),
                frame_to_crop=np.asarray(values["frame_to_crop"], np.float64),
                score=float(values["score"]),
                track=int(values["track"]),
                blur=float(values["blur"]),
                yaw=float(values["yaw"]),
                pitch=float(values["pitch"]),
                roll=float(values["roll"]),
                size_px=int(values["size_px"]),
                embedding=unpacked(values["embedding"]) if "embedding" in values else None,
                visible=_visible(values["hidden"]) if "hidden" in values else None,
                source=int(values.get("source", 0)),
            )
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ValueError(f"not an alignment: {reason_of(error)}") from error
        if Path(record.file).name != record.file:
            raise ValueError(f"'{record.file}' is not a plain file name")  # the file stays inside its folder
        record._check_ranges()
        return record

    def _check_ranges(self) -> None:
        """Raise ValueError for values that no extraction writes."""
        if self.frame_to_crop.shape != (2, 3) or not np.isfinite(self.frame_to_crop).all():
            raise ValueError("frame_to_crop must be 2 x 3 finite numbers")
        if (
            np.abs(self.frame_to_crop).max() > FRAME_SHIFT_PX
            or not 1 / FRAME_SIDE_PX < scale_of(self.frame_to_crop) < FRAME_SIDE_PX
        ):
            raise ValueError("frame_to_crop cannot be turned round")
        if not CROP_SIZES_PX[0] <= self.size_px <= CROP_SIZES_PX[1]:
            raise ValueError(f"size_px={self.size_px} is not {CROP_SIZES_PX[0]} to {CROP_SIZES_PX[1]}")
        if not 0 <= self.frame <= FRAME_NUMBER or not -1 <= self.track <= FRAME_NUMBER:
            raise ValueError(f"frame={self.frame} or track={self.track} is out of range")
        if not 0 <= self.source < FILMS_A_SET:
            raise ValueError(f"source={self.source} is out of range")
        numbers = [self.time_seconds, self.score, self.blur, self.yaw, self.pitch, self.roll]
        if not np.abs(numbers).max() <= MEASURED_MAGNITUDE:  # nor is NaN
            raise ValueError(f"time, score, blur and angles must be numbers up to {MEASURED_MAGNITUDE:g}")
        face = self.face  # checks box and points
        if max(np.abs(face.points).max(), np.abs(face.box).max()) > FRAME_SIDE_PX:
            raise ValueError("points lie a million pixels away")


def read_records(path: Path) -> list[FaceRecord]:
    """Return all records of an alignments file, by source and frame. A last line cut by a kill is dropped.

    Raises:
        UserError: For other damage.
    """
    records, faces = list[FaceRecord](), Counter[tuple[int, int]]()
    number = 1  # of the line that is read
    try:
        for line, is_whole in read_lines(path):
            if line.strip():
                try:
                    record = FaceRecord.from_json(line)
                except ValueError:
                    if not is_whole:  # the write was cut
                        break
                    raise
                faces[record.source, record.frame] += 1
                if faces[record.source, record.frame] > FACES_A_FRAME:
                    raise ValueError(f"more than {FACES_A_FRAME} faces in frame {record.frame}")
                records.append(record)
            number += 1
    except ValueError as error:
        raise UserError(f"{path}, line {number}: {error}; move the folder away and extract the video again") from error
    except OSError as error:
        raise UserError(f"cannot read the alignments {path}: {error}") from error
    return sorted(records, key=lambda record: (record.source, record.frame, record.file))


def _visible(hidden: list) -> NDArray[np.float32]:
    """Return 1 for each of the 68 points, 0 for those in `hidden`. Raises ValueError when that is no list of points."""
    if not isinstance(hidden, list) or not all(type(i) is int and 0 <= i < POINT_COUNT for i in hidden):
        raise ValueError("hidden must be a list of point numbers")
    visible = np.ones(POINT_COUNT, np.float32)
    visible[hidden] = 0
    return visible


def _rounded(values: NDArray) -> list:
    return np.round(np.asarray(values, np.float64), 3).tolist()
