"""Face sets made up on the spot, and an embedder that sees the colour of a face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import ALIGNMENTS
from faceswap.core.geometry import head_pose, mean_face_in_crop
from faceswap.curation import pipeline
from faceswap.curation.config import CurationConfig
from faceswap.curation.measures import Embedder
from faceswap.media.pictures.images import write_image
from tests.clips import draw_face

SIZE_PX = 96
SKINS = [(220, 180, 160), (120, 85, 60), (90, 160, 90)]


def record_of(index: int, **changes: object) -> FaceRecord:
    """A frontal face that moves slowly; `points` are given in crop pixels."""
    points = np.asarray(changes.pop("points", mean_face_in_crop(SIZE_PX)), np.float32)
    frame = int(changes.get("frame", index))  # type: ignore[call-overload]
    frame_to_crop = np.array([[1.0, 0, -2.0 * frame], [0, 1.0, 0]])
    in_frame = points + (2.0 * frame, 0)
    pose = head_pose(points)
    record = FaceRecord(
        file=f"{index:06d}_00.png", frame=frame, time_seconds=frame / 25,
        box=np.concatenate([in_frame.min(0), in_frame.max(0)]), points=in_frame, frame_to_crop=frame_to_crop,
        score=0.9, track=0, blur=0.2, yaw=pose.yaw, pitch=pose.pitch, roll=pose.roll, size_px=SIZE_PX,
    )  # fmt: skip
    return replace(record, **changes)


def picture(seed: int, skin: tuple[int, int, int] = SKINS[0], points: np.ndarray | None = None) -> np.ndarray:
    """A cartoon face (96, 96, 3) whose light is its own."""
    points = mean_face_in_crop(SIZE_PX) if points is None else points
    image = draw_face((SIZE_PX, SIZE_PX), points, skin).astype(np.float32)
    light = np.random.default_rng(seed).uniform(0.6, 1.1, (3, 3)).astype(np.float32)
    light = np.asarray(cv2.resize(light, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC))
    return np.clip(image * light[..., None], 0, 255).astype(np.uint8)


def write_set(folder: Path, faces: Sequence[tuple[FaceRecord, np.ndarray]]) -> Path:
    """A face set on disk."""
    folder.mkdir(parents=True)
    for record, image in faces:
        write_image(folder / record.file, image)
    lines = "".join(record.to_json() + "\n" for record, _ in faces)
    (folder / ALIGNMENTS).write_text(lines, encoding="utf-8")
    return folder


def mixed_set(folder: Path) -> Path:
    """Twelve faces: two people in two tracks each; 2 repeats 1, 4 is blurred, 7 has scattered points."""
    scattered = np.random.default_rng(5).uniform(0, SIZE_PX, (68, 2))
    changes: dict[int, dict] = {1: {"blur": 0.1}, 4: {"blur": 0.9}, 7: {"points": scattered}}
    faces = []
    for index in range(12):
        record = record_of(index, track=index // 3, **changes.get(index, {}))
        faces.append((record, picture(1 if index == 2 else index, SKINS[index // 3 % 2])))
    return write_set(folder, faces)


class SkinEmbedder:
    """Unit vectors that tell a face's colour; `seen` counts faces."""

    def __init__(self, description: str = "skin") -> None:
        self.description, self.seen = description, 0

    def embed(self, images: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> np.ndarray:
        self.seen += len(images)
        vectors = np.zeros((len(images), 128), np.float32)
        for row, image in enumerate(images):
            colour = image[40:60, 40:60].reshape(-1, 3).astype(np.float32).mean(0)
            nearest = np.argmin([np.linalg.norm(colour / colour.sum() - np.divide(s, sum(s))) for s in SKINS])
            vectors[row, nearest] = 1
        return vectors


def curate_faces(folder: Path, *, embedder: Callable[[], Embedder] | None = None, **settings: Any) -> Path:
    """Curate with the settings of CurationConfig by keywords."""
    return pipeline.curate_faces(folder, CurationConfig(**settings), embedder)


def embedder(made: SkinEmbedder | None = None) -> Callable[[], SkinEmbedder]:
    return lambda: made or SkinEmbedder()
