"""From linear light to the picture a camera hands out: exposure, tone curve, blur, grain, compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

KEY_VALUE = 0.25  # linear value that frontally lit mid skin gets
MID_SKIN = 0.30
HIGHLIGHT = 2.2  # linear value that becomes white


@dataclass(frozen=True)
class Film:
    """`blur_px` of the lens, `sharpen` of the camera, `grain` its noise's deviation in mid grey.

    `jpeg_quality` 0: none.
    """

    blur_px: float = 0.0
    sharpen: float = 0.0
    grain: float = 0.0
    jpeg_quality: int = 0
    seed: int = 0


def random_film(rng: np.random.Generator) -> Film:
    """Return from a clean studio file to a noisy, compressed web camera."""
    return Film(
        blur_px=float(rng.uniform(0.25, 0.75)) if rng.random() < 0.6 else 0.0,
        sharpen=0.5 if rng.random() < 0.3 else 0.0,
        grain=float(rng.uniform(0.002, 0.02)),
        jpeg_quality=int(rng.integers(45, 97)) if rng.random() < 0.7 else 0,
        seed=int(rng.integers(2**31)),
    )


def exposure_of(irradiance: float, skin_luma: float, face_metering: float) -> float:
    """Return the gain that puts mid skin under this light at KEY_VALUE.

    `face_metering` in [0, 1] corrects for the skin's own brightness.
    """
    metered = MID_SKIN * (max(skin_luma, 0.02) / MID_SKIN) ** face_metering
    return KEY_VALUE / (max(irradiance, 0.05) * metered)


def develop(linear: NDArray[np.float32], exposure: float) -> NDArray[np.float32]:
    """Return linear RGB (H, W, 3) to display values in [0, 1].

    A soft shoulder, then sRGB's gamma and a little contrast.
    """
    x: NDArray = np.maximum(linear, 0) * np.float32(exposure)
    x = x * (1 + x / np.float32(HIGHLIGHT**2)) / (1 + x) * np.float32(1.12)
    x = np.clip(x, 0, 1) ** np.float32(1 / 2.2)
    x = np.clip(x * np.float32(1.06) - np.float32(0.02), 0, 1)
    x += (x * x * (3 - 2 * x) - x) * np.float32(0.25)
    grey = x.mean(2, keepdims=True)
    return grey + (x - grey) * np.float32(0.95)


def expose(developed: NDArray[np.float32], film: Film) -> NDArray[np.uint8]:
    """Return display values (H, W, 3) in [0, 1] through lens, sensor and compression to uint8 RGB."""
    rng = np.random.default_rng(film.seed)
    picture: NDArray = developed
    if film.blur_px > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), film.blur_px)
    if film.sharpen > 0:
        picture = cv2.addWeighted(picture, 1 + film.sharpen, cv2.GaussianBlur(picture, (0, 0), 1.0), -film.sharpen, 0)
    if film.grain > 0:
        grain = rng.standard_normal(picture.shape, np.float32) * np.float32(film.grain)
        picture = picture + grain * np.sqrt(np.clip(picture, 0.05, 1))
    image = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    if film.jpeg_quality:
        _, packed = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, film.jpeg_quality])
        decoded: Any = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        image = np.ascontiguousarray(decoded[..., ::-1])
    return image
