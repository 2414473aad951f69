"""How fast a face moves is read from its track."""

from __future__ import annotations

import numpy as np

from faceswap.compositing.face_sources.face_source import TargetFace
from faceswap.compositing.finishing.track_motion import with_motion
from faceswap.core.values import Frame


def moving(index: int, x: float, track: int = 0) -> TargetFace:
    points = np.random.default_rng(0).uniform(0, 50, (68, 2)).astype(np.float32) + np.float32([x, 0])
    return TargetFace(points, np.eye(2, 3), 64, track)


def test_motion_is_the_mean_of_the_ways_before_and_after():
    blank = np.zeros((4, 4, 3), np.uint8)
    places = {0: 0.0, 1: 4.0, 2: 10.0, 5: 40.0, 6: 41.0}
    located = [(Frame(blank, i, 0.0), [moving(i, x)]) for i, x in places.items()]
    found = [motions[0][0] for _, _, motions in with_motion(located)]
    np.testing.assert_allclose(found, [4, 5, 6, 1, 1], atol=1e-3)
    untracked = [(Frame(blank, i, 0.0), [moving(i, 5.0 * i, track=-1)]) for i in range(3)]
    assert all(not motions[0].any() for _, _, motions in with_motion(untracked))
    assert list(with_motion([])) == []
