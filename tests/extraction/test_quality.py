"""Sharpness: falls with blur, and with nothing else."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from faceswap.extraction.quality import sharpness


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    """A textured picture with edges and fine detail, as faces have."""
    rng = np.random.default_rng(0)
    image = np.zeros((256, 256, 3), np.float32)
    for cells, strength in ((8, 90), (32, 50), (128, 25)):
        noise = rng.normal(0, 1, (cells, cells, 1)).astype(np.float32)
        image += strength * cv2.resize(noise, (256, 256), interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(image + 128, 0, 255).astype(np.uint8)


def test_the_more_blur_the_lower(crop: np.ndarray) -> None:
    scores = [sharpness(crop), *(sharpness(cv2.GaussianBlur(crop, (0, 0), sigma)) for sigma in (1, 2, 4, 8))]
    assert all(a > b + 0.02 for a, b in itertools.pairwise(scores))
    assert 0 <= scores[-1] < 0.3 < scores[0] <= 1


def test_motion_blur_in_one_direction_counts(crop: np.ndarray) -> None:
    for kernel in ((15, 1), (1, 15)):
        assert sharpness(cv2.blur(crop, kernel)) < 0.7 * sharpness(crop)


@pytest.mark.parametrize("gain, offset", [(0.3, 80), (0.5, 0), (0.2, 200)])
def test_contrast_and_brightness_do_not_matter(crop: np.ndarray, gain: float, offset: float) -> None:
    assert sharpness((crop * gain + offset).astype(np.uint8)) == pytest.approx(sharpness(crop), abs=0.05)


@pytest.mark.parametrize("size", [200, 384, 512, 1024])
def test_the_size_of_the_crop_does_not_matter(crop: np.ndarray, size: int) -> None:
    large = cv2.resize(crop, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    resized = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
    assert sharpness(resized) == pytest.approx(sharpness(large), abs=0.06)


def test_an_upscaled_small_face_is_blurred(crop: np.ndarray) -> None:
    small = cv2.resize(crop, (32, 32), interpolation=cv2.INTER_AREA)
    assert sharpness(cv2.resize(small, (256, 256), interpolation=cv2.INTER_LINEAR)) < 0.6 * sharpness(crop)


@pytest.mark.parametrize("size", [32, 33, 256])
def test_flat_pictures_give_zero(size: int) -> None:
    assert sharpness(np.full((size, size, 3), 90, np.uint8)) == 0
