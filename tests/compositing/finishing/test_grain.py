"""A drawn face takes on the film's grain where there is skin, and nothing else of B."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.compositor import blend, view_of
from faceswap.compositing.finishing.finish import Finish
from faceswap.compositing.finishing.grain import carried_grain
from faceswap.compositing.masks.shapes import HullMask
from faceswap.core.geometry import frame_to_crop_for, mean_face_in_crop
from faceswap.core.values import Decoded, Frame
from faceswap.media.pictures.colour_transfer import NoColour

SIZE_PX = 160
SKIN = np.ones((SIZE_PX, SIZE_PX), np.float32)


def film(sigma: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, (SIZE_PX, SIZE_PX, 1))
    return np.clip(np.round(150 + noise), 0, 255).astype(np.uint8).repeat(3, 2)


def grey(picture: np.ndarray) -> np.ndarray:
    return picture[..., 0].astype(np.float32) / np.float32(255)


FLAT = np.full((SIZE_PX, SIZE_PX), 0.5, np.float32)


@pytest.mark.parametrize("sigma", [3.0, 8.0])
def test_a_smooth_face_becomes_as_grainy_as_the_film(sigma):
    added = carried_grain(grey(film(sigma)), FLAT, SKIN, 3.0)
    assert 0.8 * sigma < added.std() * 255 < 1.1 * sigma
    assert abs(added.mean()) * 255 < 0.1


def test_a_face_that_is_as_grainy_as_the_film_gets_none():
    assert not carried_grain(grey(film(5)), grey(film(6, seed=1)), SKIN, 3.0).any()
    assert not carried_grain(grey(film(0)), FLAT, SKIN, 3.0).any()
    assert not carried_grain(grey(film(5)), FLAT, 0 * SKIN, 3.0).any()


def test_a_sample_of_a_large_face_tells_as_much_as_all_of_it(monkeypatch):
    large, flat = np.tile(grey(film(5)), (4, 4)), np.tile(FLAT, (4, 4))
    added = carried_grain(large, flat, np.tile(SKIN, (4, 4)), 3.0)
    monkeypatch.setattr("faceswap.compositing.finishing.grain.SAMPLED_PIXELS", large.size)
    exact = carried_grain(large, flat, np.tile(SKIN, (4, 4)), 3.0)
    assert exact.any() and np.abs(added - exact).max() * 255 < 0.5


def test_edges_of_the_film_are_left_behind():
    under = film(3)
    under[:, 80:84] = 20  # the frame of a pair of glasses
    added = carried_grain(grey(under), FLAT, SKIN, 3.0)
    assert np.abs(added[:, 79:85]).mean() < 2 * np.abs(added[:, :60]).mean()


def test_only_skin_inside_the_mask_is_touched():
    image = film(6)
    points = mean_face_in_crop(SIZE_PX)
    frame = Frame(image, 0, 0.0)
    view = view_of(frame, points, frame_to_crop_for(points, 48), 48, 1.0, 48)
    drawn = Decoded(np.full((1, 48, 48, 3), 0.6, np.float32), None)
    parts = {"mask": HullMask(), "colour": NoColour(), "blender": AlphaBlender()}
    plain = blend(frame, [view], drawn, **parts).image.astype(int)
    grainy = blend(frame, [view], drawn, finish=Finish(grain=True), **parts).image.astype(int)
    change = np.abs(grainy - plain).max(-1)
    mouth = np.round(points[48:60].mean(0)).astype(int)
    cheek = np.round(points[[2, 30]].mean(0)).astype(int)
    around = (slice(cheek[1] - 6, cheek[1] + 6), slice(cheek[0] - 6, cheek[0] + 6))
    assert change[mouth[1], mouth[0]] == 0 and change[:8].max() == 0
    assert change[around].mean() > 2
