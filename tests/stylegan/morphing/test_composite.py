"""Composite portraits of drawn faces whose points are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from faceswap.core.values import AlignedFace
from faceswap.stylegan.directions.scoring import mean_points_in_style
from faceswap.stylegan.morphing.composite import composite, triangles, warped_to
from faceswap.utils.errors import UserError

SIZE = 96


def face(seed: int, spread: float = 2.0) -> AlignedFace:
    """Dots at 68 points that are a little off the mean face's."""
    rng = np.random.default_rng(seed)
    points = mean_points_in_style(SIZE) + rng.normal(0, spread, (68, 2)).astype(np.float32)
    image = np.full((SIZE, SIZE, 3), 60, np.uint8)
    for x, y in points[36:48]:  # the eyes
        cv2.circle(image, (round(float(x)), round(float(y))), 2, (250, 250, 250), -1)
    return AlignedFace(image, points, np.eye(2, 3))


def test_the_same_face_is_its_own_composite():
    one = face(0)
    np.testing.assert_allclose(composite([one, one, one]).astype(int), one.image, atol=1)
    with pytest.raises(UserError, match="2 faces or more, not 1"):
        composite([one])


def test_points_meet_where_shapes_are_warped():
    faces = [face(seed, 1.5) for seed in range(12)]
    shape = np.mean([one.points for one in faces], axis=0)[36:48].round().astype(int)
    laid, warped = (composite(faces, to_shape=way)[shape[:, 1], shape[:, 0], 0].mean() for way in (False, True))
    assert warped > laid + 15 and warped > 200


@given(st.integers(0, 10_000))
@example(361)  # a sliver of a triangle beside a point took the point's pixel
@settings(max_examples=10)
def test_a_warp_brings_points_where_they_are_wanted(seed):
    rng = np.random.default_rng(seed)
    points = mean_points_in_style(SIZE)
    wanted = points + rng.normal(0, 1.0, points.shape)
    looked_at = [8, 30, 36, 45, 48, 54]
    wanted[looked_at] = wanted[looked_at].round()  # where a pixel is
    ramp = np.tile(np.linspace(0, 255, SIZE, dtype=np.float32)[None, :, None], (SIZE, 1, 3)).astype(np.uint8)
    warped = warped_to(ramp, points, wanted)
    at = wanted[looked_at].astype(int)
    expected = points[looked_at, 0] * 255 / (SIZE - 1)
    np.testing.assert_allclose(warped[at[:, 1], at[:, 0], 0], expected, atol=1.5)
    np.testing.assert_array_equal(warped_to(ramp, points, points), ramp)


def test_triangles_cover_the_square_once():
    corners = np.array([[0, 0], [SIZE - 1, 0], [0, SIZE - 1], [SIZE - 1, SIZE - 1]], float)
    points = np.concatenate([mean_points_in_style(SIZE), corners])
    area = sum(abs(cv2.contourArea(points[three].astype(np.float32))) for three in triangles(points, SIZE))
    assert area == pytest.approx((SIZE - 1) ** 2, rel=1e-3)
