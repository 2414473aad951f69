"""What is behind: blurred shapes, gradients and lights in linear RGB."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.people.light import kelvin
from tools.people.seeds import stream

PAINTED_PX = 144  # it is out of focus: painted small, shown at any size


@lru_cache(maxsize=4)
def background(seed: int, size_px: int) -> NDArray[np.float32]:
    """Return the scene of that seed, (size_px, size_px, 3) linear RGB; do not write to it."""
    rng = stream(seed, "background")
    picture: NDArray = _gradient(rng, PAINTED_PX)
    kind = rng.random()
    if kind > 0.2:
        for _ in range(rng.integers(3, 22)):
            _add_shape(picture, rng)
    if kind > 0.6:
        picture *= np.exp(_clouds(rng, PAINTED_PX) * np.float32(rng.uniform(0.1, 0.7)))
    blur = np.exp(rng.uniform(np.log(PAINTED_PX / 200), np.log(PAINTED_PX / 18)))
    picture = cv2.GaussianBlur(picture, (0, 0), float(blur))
    if kind > 0.8:
        for _ in range(rng.integers(3, 25)):
            _add_lamp(picture, rng)
    picture = cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    result = np.clip(picture, 0, 3) * np.float32(rng.uniform(0.5, 1.3))
    result.setflags(write=False)
    return result


def _colour(rng: np.random.Generator, saturation: float = 0.35) -> NDArray[np.float64]:
    grey = rng.uniform(0.03, 0.8) ** 1.5
    return np.clip(grey * (1 + rng.uniform(0, saturation) * rng.normal(0, 1, 3)), 0.005, 1)


def _gradient(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    share = np.clip(columns * np.cos(angle) + rows * np.sin(angle) + 0.5, 0, 1)[..., None]
    return (_colour(rng) * (1 - share) + _colour(rng) * share).astype(np.float32)


def _add_shape(picture: NDArray[np.float32], rng: np.random.Generator) -> None:
    size = len(picture)
    colour = _colour(rng, 0.5).tolist()
    x, y = (int(v) for v in rng.integers(-size // 6, size, 2))
    upright = rng.random() < 0.6
    width = int(rng.integers(size // 20, size // 2) if upright else rng.integers(size // 10, size))
    height = int(rng.integers(size // 20, size) if upright else rng.integers(2, size // 6))
    if rng.random() < 0.75:
        cv2.rectangle(picture, (x, y), (x + width, y + height), colour, -1)
    else:
        cv2.ellipse(picture, (x, y), (width // 2, height // 2), float(rng.uniform(0, 180)), 0, 360, colour, -1)


def _clouds(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    total = np.zeros((size, size, 3), np.float32)
    for cells in (4, 8, 16, 32, 64):
        coloured = rng.standard_normal((cells, cells, 3)) * [0.3, 0.285, 0.27] + rng.standard_normal((cells, cells, 1))
        total += cv2.resize(coloured.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC) / cells**0.6
    return total


def _add_lamp(picture: NDArray, rng: np.random.Generator) -> None:
    size = len(picture)
    x, y = (int(v) for v in rng.integers(0, size, 2))
    radius = int(rng.integers(max(2, size // 60), max(3, size // 12)))
    disc = np.zeros((size, size), np.float32)
    cv2.circle(disc, (x, y), radius, 1.0, -1)
    glow = kelvin(rng.uniform(2500, 9000)) * rng.uniform(0.05, 0.8)
    blurred: NDArray = cv2.GaussianBlur(disc, (0, 0), 0.7)
    picture[:] = picture + blurred[..., None] * glow
