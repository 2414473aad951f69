"""Galleries made up on the spot, and a finder and an embedder that see the colour of a face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from faceswap.core.values import Face, Frame
from faceswap.lookalike.calibration import Calibration
from faceswap.lookalike.folders import FaceReader
from faceswap.lookalike.gallery import Gallery, Photo, unit

CURVE = Calibration(10.0, -5.0, tuple(np.linspace(-1, 1, 11)))


def codes_of(count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors at random."""
    return unit(np.random.default_rng(seed).standard_normal((count, 128)).astype(np.float32))


def gallery_of(codes: np.ndarray, photos_each: int = 1, **more: Any) -> Gallery:
    """People called p0, p1 ..., each with as many photos as asked for."""
    photos = tuple(Photo(n // photos_each, code, np.zeros(4, np.float32)) for n, code in enumerate(codes))
    names = tuple(f"p{n}" for n in range(len(codes) // photos_each))
    return Gallery(names, photos, "test", more.pop("calibration", CURVE), **more)


class ColourFinder:
    """Finds one face in the middle of every picture that is not black."""

    batch_size = 1
    description = "colour"

    def __init__(self) -> None:
        self.seen = 0

    def prepare(self, source: object) -> None: ...

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        self.seen += len(frames)
        points = np.random.default_rng(0).uniform(8, 24, (68, 2)).astype(np.float32)
        face = Face(np.array([8, 8, 24, 24], np.float32), points)
        return [[face] if frame.image.any() else [] for frame in frames]


class ColourEmbedder:
    """A vector that the mean colour decides."""

    description = "colour"

    def embed(self, images: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> np.ndarray:
        means = np.stack([image.mean((0, 1)) - 128 for image in images])
        return unit(np.pad(means, ((0, 0), (0, 125))).astype(np.float32))


def reader() -> FaceReader:
    """What reads colours in the place of faces."""
    return FaceReader(ColourFinder(), ColourEmbedder(), "colour")
