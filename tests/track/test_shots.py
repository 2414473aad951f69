"""Shot detection: cuts are found; motion, noise, light and flashes are none."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.core.values import Frame
from faceswap.track.shots import FrameSignature, is_cut
from tests.extraction.made import frame_of


def signatures(*images: np.ndarray) -> list[FrameSignature]:
    return [FrameSignature.of(Frame(image, 0, 0)) for image in images]


def test_a_new_shot_is_a_cut_and_motion_is_none() -> None:
    first, moved, other = (frame_of(*at).image for at in ((0, 0), (9, 0), (1, 1)))
    a, b, c = signatures(first, moved, other)
    assert not is_cut(a, b)
    assert is_cut(a, c) and is_cut(c, a)


def test_noise_light_and_flashes_are_no_cuts() -> None:
    image = frame_of(0).image
    noise = np.clip(image + np.random.default_rng(0).normal(0, 12, image.shape), 0, 255).astype(np.uint8)
    flash = np.clip(image * 1.8 + 30, 0, 255).astype(np.uint8)
    dark = (image * 0.5).astype(np.uint8)
    before, *others = signatures(image, noise, flash, dark)
    assert not any(is_cut(before, other) for other in others)
    flat, grain = signatures(np.full_like(image, 3), np.random.default_rng(1).integers(0, 7, image.shape, np.uint8))
    assert not is_cut(flat, grain)


def test_from_black_into_a_shot_is_a_cut() -> None:
    black, shot = signatures(np.zeros((120, 160, 3), np.uint8), frame_of(0).image)
    assert is_cut(black, shot)


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000), (1080, 1920)])
def test_signatures_take_any_size(size: tuple[int, int]) -> None:
    signature = FrameSignature.of(Frame(np.full((*size, 3), 77, np.uint8), 0, 0))
    assert signature.brightness.shape == (36, 64) and signature.brightness.max() == pytest.approx(77, abs=1)


def test_a_frame_in_use_is_described_once() -> None:
    frame = frame_of(0)
    first = FrameSignature.of(frame)
    assert FrameSignature.of(frame) is first and FrameSignature.of(frame_of(0)) is not first
