"""Small face sets and a small model, so that training tests take seconds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from torch import nn

from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import ALIGNMENTS, REPORT
from faceswap.core.geometry import mean_face_in_crop
from faceswap.core.values import Face
from faceswap.swap.models.bottleneck import bottleneck
from faceswap.swap.models.layers import Convolution, SwapModel, downscale, upscale
from faceswap.utils.files.atomic import write_json

COLOUR = [
    {"name": "RandomBrightnessContrast", "kwargs": {"p": 0.5}},
    {"name": "RGBShift", "kwargs": {"p": 0.5}},
]


SMALL_UD = {"resolution": 64, "ae_dims": 8, "e_dims": 4, "d_dims": 4, "d_mask_dims": 4}  # df and liae, a few ms


class Tiny(SwapModel):
    """16 px, a few thousand weights."""

    has_mask = True

    def __init__(self, coverage: float = 0.8) -> None:
        super().__init__()
        self.resolution, self.coverage, self.learning_rate = 16, coverage, 1e-3
        self.encoder = nn.Sequential(downscale(3, 8), downscale(8, 16), nn.Flatten())
        self.inter = nn.Sequential(nn.Linear(256, 16), nn.Linear(16, 256), nn.Unflatten(1, (16, 4, 4)))
        self.decoder_a, self.decoder_b = (
            nn.Sequential(upscale(16, 16), upscale(16, 8), nn.Conv2d(8, 4, 3, padding=1)) for _ in range(2)
        )


class NarrowOriginal(SwapModel):
    """`original` with a 32nd of its channels: to draw the 300 MB of that takes a second."""

    has_mask = False

    def __init__(self, coverage: float = 0.8, beta: float = 0.0) -> None:
        super().__init__()
        self.resolution, self.coverage, self.beta, self.learning_rate = 64, coverage, beta, 5e-5
        self.encoder = nn.Sequential(
            downscale(3, 4), downscale(4, 8), downscale(8, 16), downscale(16, 32), nn.Flatten()
        )
        self.inter = nn.Sequential(
            bottleneck(4 * 4 * 32, 32, beta), nn.Linear(32, 4 * 4 * 32), nn.Unflatten(1, (32, 4, 4)), upscale(32, 16)
        )
        self.decoder_a, self.decoder_b = (
            nn.Sequential(upscale(16, 8), upscale(8, 4), upscale(4, 2), Convolution(2, 3, 5)) for _ in range(2)
        )
        self.initialise()


def make_face_set(folder: Path, count: int, size_px: int = 64, seed: int = 0) -> Path:
    """A face set of drawn heads: no two alike, shapes and colours by `seed`."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    points = mean_face_in_crop(size_px)
    skin = [int(value) for value in rng.integers(80, 255, 3)]
    lines = []
    for index in range(count):
        image = np.full((size_px, size_px, 3), rng.integers(0, 255, 3), np.uint8)
        centre = (size_px // 2 + int(rng.integers(-2, 3)), size_px // 2)
        cv2.ellipse(image, centre, (size_px // 4, size_px // 3), 0, 0, 360, skin, -1)
        for x, y in points[36:].astype(int):
            cv2.circle(image, (int(x), int(y)), 1, [int(value) for value in rng.integers(0, 80, 3)], -1)
        name = f"{index:06d}_00.png"
        cv2.imwrite(str(folder / name), image)
        face = Face.from_points(points)
        record = FaceRecord(name, index, index / 25, face.box, points, np.eye(2, 3), 0.9, 0, 0.5, 0, 0, 0, size_px)
        lines.append(record.to_json() + "\n")
    (folder / ALIGNMENTS).write_text("".join(lines), encoding="utf-8")
    write_json(folder / REPORT, {"source": "clip.mp4"})
    return folder
