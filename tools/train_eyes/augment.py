"""What real cameras do to a picture, by chance: the bridge from clean renders to real footage.

Only appearance changes here, never geometry, so that labels stay true.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]  # (H, W, 3) RGB in [0, 255]
Step = Callable[[Image, np.random.Generator], Image]


def photometric(
    images: NDArray[np.uint8], rng: np.random.Generator, strength: float = 1.0, without: Collection[Step] = ()
) -> NDArray[np.uint8]:
    """Return (N, H, W, 3) uint8 RGB -> the same, each picture through its own chain of light, colour, lens and codec.

    `strength` in [0, 1] scales the probability of every step; the steps `without` are left out.
    """
    return np.stack([_one(image, rng, strength, without) for image in images])


def _one(
    image: NDArray[np.uint8], rng: np.random.Generator, strength: float, without: Collection[Step]
) -> NDArray[np.uint8]:
    picture = image.astype(np.float32)
    for step, probability in CHAIN:
        if step not in without and rng.random() < probability * strength:
            picture = step(picture, rng)
    return np.clip(picture, 0, 255).astype(np.uint8)


# ---- light and colour


def exposure(picture: Image, rng: np.random.Generator) -> Image:
    """Return brighter or darker, with clipping where the sensor is full."""
    return np.clip(picture * np.float32(np.exp(rng.normal(0, 0.4))) + np.float32(rng.uniform(-25, 25)), 0, 255)


def low_light(picture: Image, rng: np.random.Generator) -> Image:
    """Return a dark scene: little light, lifted or not, with the noise that comes with it."""
    dark = picture * np.float32(rng.uniform(0.12, 0.5))
    return dark + _noise(picture.shape, rng, rng.uniform(2, 9))


def gamma(picture: Image, rng: np.random.Generator) -> Image:
    """Return another tone curve."""
    table = (255 * np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.35))).astype(np.float32)
    return table[np.clip(picture, 0, 255).astype(np.uint8)]


def colour_cast(picture: Image, rng: np.random.Generator) -> Image:
    """Return lamps that are not white."""
    return picture * np.exp(rng.normal(0, 0.16, 3)).astype(np.float32)


def saturation(picture: Image, rng: np.random.Generator) -> Image:
    """Return from nearly grey to gaudy."""
    grey = picture.mean(2, keepdims=True)
    return grey + (picture - grey) * np.float32(rng.uniform(0.1, 1.7))


def grey(picture: Image, rng: np.random.Generator) -> Image:
    """Return black and white."""
    return np.repeat(picture.mean(2, keepdims=True), 3, 2)


def light_gradient(picture: Image, rng: np.random.Generator) -> Image:
    """Return one side lit more than the other."""
    height, width = picture.shape[:2]
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.8)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * np.float32(np.cos(angle))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * np.float32(np.sin(angle))
    return picture * np.clip(1 + np.float32(depth) * (x + y), 0.05, 2.2)


def shadow_edge(picture: Image, rng: np.random.Generator) -> Image:
    """Return the edge of a cast shadow across the picture, hard or soft."""
    height, width = picture.shape[:2]
    corners = np.stack([rng.uniform(-0.3, 1.3, 4) * width, rng.uniform(-0.3, 1.3, 4) * height], 1)
    mask = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.float32)).astype(np.int32), 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 0.06 * width + 0.6))
    return picture * (1 - np.float32(rng.uniform(0.2, 0.65)) * mask[..., None])


# ---- what stands in the way


def cut_outs(picture: Image, rng: np.random.Generator) -> Image:
    """Return patches of plain colour, of noise or of the picture's other parts before the face."""
    height, width = picture.shape[:2]
    picture = picture.copy()
    for _ in range(rng.integers(1, 4)):
        tall, wide = (int(side * rng.uniform(0.06, 0.38)) + 1 for side in (height, width))
        top, left = int(rng.integers(-tall // 2, height - tall // 2)), int(rng.integers(-wide // 2, width - wide // 2))
        place = picture[max(0, top) : top + tall, max(0, left) : left + wide]
        kind = rng.random()
        if kind < 0.4:
            place[:] = rng.uniform(0, 255, 3)
        elif kind < 0.6:
            place[:] = rng.uniform(0, 255, 3) + _noise(place.shape, rng, 60)
        else:
            y, x = rng.integers(0, height - place.shape[0] + 1), rng.integers(0, width - place.shape[1] + 1)
            place[:] = picture[y : y + place.shape[0], x : x + place.shape[1]].copy()
    return picture


# ---- lens, sensor, codec


def blur(picture: Image, rng: np.random.Generator) -> Image:
    """Return out of focus."""
    return cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 0.014 * picture.shape[1] + 0.5))


def motion_blur(picture: Image, rng: np.random.Generator) -> Image:
    """Return moved while the shutter was open."""
    length = rng.uniform(2, 0.07 * picture.shape[1] + 2)
    side = 2 * int(np.ceil(length / 2)) + 1
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((side, side), np.float32)
    half = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    centre = side // 2
    start, end = (tuple(int(v) for v in np.round(centre + sign * half)) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def low_resolution(picture: Image, rng: np.random.Generator) -> Image:
    """Return a face that was small, enlarged again."""
    height, width = picture.shape[:2]
    share = rng.uniform(0.15, 0.6)
    method = (cv2.INTER_AREA, cv2.INTER_LINEAR)[rng.integers(2)]
    small = cv2.resize(picture, (max(8, int(width * share)), max(8, int(height * share))), interpolation=method)
    return cv2.resize(small, (width, height), interpolation=(cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(2)])


def sharpen(picture: Image, rng: np.random.Generator) -> Image:
    """Return the halo that cameras and phones add."""
    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 1.6))
    return picture + np.float32(rng.uniform(0.3, 1.5)) * (picture - soft)


def noise(picture: Image, rng: np.random.Generator) -> Image:
    """Return the sensor's."""
    return picture + _noise(picture.shape, rng, rng.uniform(1, 14))


def compression(picture: Image, rng: np.random.Generator) -> Image:
    """Return blocks of a frugal codec."""
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 75))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32)


@cache
def _noise_bank() -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(1 << 21, np.float32)  # drawing it anew costs more than all else


def _noise(shape: tuple[int, ...], rng: np.random.Generator, sigma: float) -> Image:
    """Return Gaussian noise; half the time the same in all channels."""
    bank = _noise_bank()
    plain = rng.random() < 0.5
    count = int(np.prod(shape[:2] if plain else shape))
    start = int(rng.integers(0, max(1, len(bank) - count)))
    values = np.resize(bank[start : start + count], shape[:2] if plain else shape)
    return np.float32(sigma) * (values[..., None] if plain else values)


CHAIN: tuple[tuple[Step, float], ...] = (
    (light_gradient, 0.3),
    (shadow_edge, 0.15),
    (cut_outs, 0.2),
    (colour_cast, 0.4),
    (saturation, 0.4),
    (exposure, 0.5),
    (gamma, 0.3),
    (blur, 0.25),
    (motion_blur, 0.12),
    (low_light, 0.1),
    (low_resolution, 0.2),
    (sharpen, 0.2),
    (noise, 0.45),
    (compression, 0.4),
    (grey, 0.08),
)
