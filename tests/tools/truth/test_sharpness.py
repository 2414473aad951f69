"""Measures that must not pay for a blur, on pictures whose answer is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.truth.sharpness import OCTAVES, Octaves, face_box, octave_energies, texture_distance

SIDE = 192
BOX = (slice(40, 150), slice(40, 150))


def textured(seed: int = 0) -> np.ndarray:
    """A picture with detail of every size and direction, like skin, hair and features, (SIDE, SIDE, 3)."""
    rng = np.random.default_rng(seed)
    picture = np.full((SIDE, SIDE), 128.0)
    for sigma in (0.6, 1.2, 2.5, 5, 10):
        noise = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)), (0, 0), sigma)
        picture += 14 * noise / noise.std()
    return np.repeat(np.clip(picture, 0, 255).round().astype(np.uint8)[..., None], 3, 2)


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def ratios(picture: np.ndarray, truth: np.ndarray) -> np.ndarray:
    octaves = Octaves()
    octaves.add(picture, truth, BOX)
    return octaves.ratios


def test_equal_pictures_have_all_detail_at_its_place():
    picture = textured()
    assert ratios(picture, picture) == pytest.approx(np.ones(OCTAVES))
    assert texture_distance(picture, picture, BOX) == 0


def test_a_blur_loses_the_fine_octaves_first():
    picture = textured()
    soft, softer = (ratios(blurred(picture, sigma), picture) for sigma in (1, 2.5))
    assert (np.diff(soft) > 0).all() and (softer < soft).all()
    assert soft[0] < 0.5 and softer[0] < 0.15 and soft[-1] > 0.9


@settings(max_examples=12)
@given(st.integers(1, OCTAVES))
def test_a_wave_lies_in_its_own_octave(octave):
    cycles = 0.2 / 2 ** (octave - 1)  # a pixel
    wave = 128 + 60 * np.sin(2 * np.pi * cycles * np.arange(SIDE))
    picture = np.repeat(np.tile(wave, (SIDE, 1)).round().astype(np.uint8)[..., None], 3, 2)
    assert int(np.argmax(octave_energies(picture, BOX))) == octave - 1


def test_twice_the_detail_is_twice_the_ratio():
    picture = textured()
    flat = blurred(picture, 6).astype(np.float64)
    stronger = np.clip(flat + 1.5 * (picture - flat), 0, 255).round().astype(np.uint8)
    assert ratios(stronger, picture)[:2] == pytest.approx([1.5, 1.5], rel=0.05)


def test_only_the_box_counts():
    picture = textured()
    changed = picture.copy()
    changed[:, 186:] = 0
    assert ratios(changed, picture)[:2] == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_pixel_or_two_aside_is_forgiven_and_a_blur_is_not(seed):
    picture = textured(seed)
    aside = [texture_distance(np.roll(picture, shift, (0, 1)), picture, BOX) for shift in (1, 2)]
    soft = [texture_distance(blurred(picture, sigma), picture, BOX) for sigma in (1, 2, 4)]
    assert aside[0] < aside[1] < soft[0] / 2
    assert soft[0] < soft[1] < soft[2] < 1


def test_made_up_texture_is_no_better_than_a_blur():
    picture, other = textured(0), textured(1)
    flat = blurred(picture, 4).astype(np.float64)
    invented = np.clip(flat + (other - blurred(other, 4).astype(np.float64)), 0, 255).astype(np.uint8)
    assert texture_distance(invented, picture, BOX) > 2 * texture_distance(np.roll(picture, 2, 1), picture, BOX)
    assert ratios(invented, picture)[:2] == pytest.approx([1, 1], abs=0.15)  # energy alone does not tell


def test_a_box_holds_the_points_and_stays_in_the_picture():
    points = np.array([[-3.0, 5.5], [40.2, 70.0], [10.0, 20.0]])
    assert face_box(points, (60, 100, 3)) == (slice(5, 60), slice(0, 42))
