"""World to picture."""

from __future__ import annotations

import numpy as np
import pytest

from tools.people.camera import HEAD_CENTRE, Camera, view_of
from tools.people.rotation import rotation, turn

PIVOT = np.array([0, 6.43, 0.1])


def test_the_head_is_in_the_middle_and_extent_reaches_the_edge():
    view = view_of(Camera(extent_dm=1.5), PIVOT, np.eye(3))
    pixels = view.to_pixels(np.stack([HEAD_CENTRE, HEAD_CENTRE + [0, 1.5, 0], HEAD_CENTRE + [1.5, 0, 0]]), 256)
    np.testing.assert_allclose(pixels, [[127.5, 127.5], [127.5, -0.5], [255.5, 127.5]], atol=1e-3)


def test_depth_is_the_distance_along_the_view():
    view = view_of(Camera(), PIVOT, np.eye(3))
    points = np.stack([HEAD_CENTRE, HEAD_CENTRE + [0, 0, 1.0]])
    depth = view.to_samples(points, 64)[:, 2]
    away = view.distance_dm(depth)
    assert away[0] - away[1] == pytest.approx(1.0, abs=1e-3)
    assert away[0] == pytest.approx(np.linalg.norm(view.position - HEAD_CENTRE), abs=1e-3)


def test_a_depth_step_is_a_step_at_the_heads_distance():
    view = view_of(Camera(), PIVOT, np.eye(3))
    near, far = view.to_samples(np.stack([HEAD_CENTRE + [0, 0, 0.05], HEAD_CENTRE - [0, 0, 0.05]]), 64)[:, 2]
    assert far - near == pytest.approx(view.depth_step(0.1), rel=0.01)


def test_wrong_cameras_are_refused():
    with pytest.raises(ValueError, match="field_of_view must be 5 to 80"):
        Camera(field_of_view=120)
    with pytest.raises(ValueError, match="extent_dm"):
        Camera(extent_dm=0)


def test_a_turn_carries_each_point_by_its_share():
    points = np.array([[0, 0, 1]] * 3, np.float32)
    turned = turn(points, np.array([0, 0.5, 1], np.float32), rotation(60, 0), np.zeros(3))
    angles = np.degrees(np.arctan2(turned[:, 0], turned[:, 2]))
    np.testing.assert_allclose(angles, [0, 30, 60], atol=1e-3)
