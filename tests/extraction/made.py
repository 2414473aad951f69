"""Frames, faces, sources and finders made up for the tests of this room."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from faceswap.core.face_set import REPORT
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder
from faceswap.extraction import pipeline
from faceswap.extraction.config import ExtractionConfig
from faceswap.extraction.identity import Person
from faceswap.media.pictures.images import write_image
from faceswap.media.sources import SourceInfo

COUNT, CUTS = 40, (18,)  # frames of the pictures that the tests share, and where a new shot begins


def points_at(x: float, y: float, width_px: float = 60.0) -> np.ndarray:
    """The 68 points of a frontal face centred at x, y."""
    return (MEAN_FACE[:, :2] * width_px + (x, y)).astype(np.float32)


def face_at(x: float, y: float, width_px: float = 60.0, track: int = -1, who: int | None = None) -> Face:
    """A face; `who` gives it an embedding, that of another person for another number."""
    face = Face.from_points(points_at(x, y, width_px), 0.9, track)
    return face if who is None else replace(face, embedding=np.eye(128, dtype=np.float32)[who])


def frame_of(index: int, shot: int = 0, width: int = 160, height: int = 120) -> Frame:
    """A frame whose background tells the shot, with a square that moves a little."""
    rng = np.random.default_rng(shot)
    blocks = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(blocks, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8).copy()
    image[40:80, 20 + index % 40 : 60 + index % 40] = 200
    return Frame(image, index, index / 25)


def write_frames(folder: Path, count: int, cuts: Sequence[int] = ()) -> Path:
    """A folder of pictures; a new shot begins at each of `cuts`."""
    folder.mkdir(parents=True)
    for index in range(count):
        shot = sum(index >= cut for cut in cuts)
        write_image(folder / f"frame_{index + 1:05d}.png", frame_of(index, shot).image)
    return folder


def extract_faces(source: Any, finder: Finder, folder: Path, *, keep: Person | None = None, **settings: Any) -> Path:
    """Extract with the settings of ExtractionConfig by keywords."""
    return pipeline.extract_faces(source, finder, folder, ExtractionConfig(**settings), keep)


class MovingFinder:
    """Sees a face that moves to the right, a second one in every third frame, and none in every seventh."""

    batch_size = 3
    description = "made up"

    def __init__(self, fail_at: int | None = None, error: BaseException | None = None, seconds: float = 0.0) -> None:
        self.fail_at, self.error, self.seconds = fail_at, error, seconds
        self.seen: list[int] = []

    def prepare(self, source: SourceInfo) -> None:
        pass

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        return [self._faces(frame.index) for frame in frames]

    def _faces(self, index: int) -> list[Face]:
        time.sleep(self.seconds)
        if self.fail_at is not None and index >= self.fail_at:
            raise self.error or KeyboardInterrupt
        self.seen.append(index)
        if index % 7 == 6:
            return []
        faces = [face_at(50 + index, 60, 40)]
        return [*faces, face_at(130, 30, 30)] if index % 3 == 0 else faces


def source_of(path: Path, kind: str = "video", size: tuple[int, int] = (160, 120), **changes: object) -> SourceInfo:
    """A SourceInfo as `probe` would give it."""
    from fractions import Fraction

    from faceswap.media.video.colour_tags import ColourTags

    values: dict = {
        "path": path, "kind": kind, "files": (), "width": size[0], "height": size[1], "stored_width": size[0],
        "stored_height": size[1], "frames_per_second": Fraction(25), "time_base": Fraction(1, 25), "frame_count": 10,
        "duration_seconds": 0.4, "rotation_degrees": 0, "has_audio": False, "name": path.stem,
        "colour": ColourTags(2, 0, 1, 13), "pixel_format": "rgb24",
    }  # fmt: skip
    return SourceInfo(**(values | changes))


def contents(folder: Path) -> dict[str, bytes]:
    """All that must be the same however often a run was interrupted."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != REPORT}
