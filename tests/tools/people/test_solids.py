"""Tubes and balls look outwards and have no holes."""

from __future__ import annotations

import numpy as np
import pytest

from tools.people.occluders import KINDS, Occluder, random_occluders
from tools.people.solids import ball, capsule_path, join, tube

GREY = (0.2, 0.2, 0.2)


def edge_counts(solid):
    edges = np.sort(
        np.concatenate([solid.triangles[:, [0, 1]], solid.triangles[:, [1, 2]], solid.triangles[:, [2, 0]]]), 1
    )
    return np.unique(edges, axis=0, return_counts=True)[1]


def test_a_ring_is_closed():
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = tube(np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1), 0.1, GREY, closed=True)
    assert (edge_counts(ring) == 2).all()
    np.testing.assert_allclose(np.linalg.norm(ring.normals, axis=1), 1, atol=1e-5)


def test_normals_point_away_from_the_middle():
    solid = ball((1, 2, 3), (0.3, 0.5, 0.2), GREY)
    assert ((solid.positions - [1, 2, 3]) * solid.normals).sum(1).min() > 0


def test_a_capsule_ends_in_half_balls():
    path, radii = capsule_path([[0, 0, 0], [0, 1, 0]], 0.1)
    assert path[0, 1] == pytest.approx(-0.1) and path[-1, 1] == pytest.approx(1.1)
    assert radii[0] < 0.01 and radii.max() == pytest.approx(0.1)


def test_joining_keeps_every_triangle():
    one, other = ball((0, 0, 0), 1.0, GREY), ball((5, 0, 0), 1.0, GREY)
    both = join([one, other])
    assert len(both.triangles) == len(one.triangles) + len(other.triangles)
    assert both.triangles.max() == len(both.positions) - 1


def test_occluders_come_in_their_share():
    rng = np.random.default_rng(0)
    drawn = [random_occluders(rng, 0.25) for _ in range(2000)]
    assert np.mean([len(some) for some in drawn]) == pytest.approx(0.25, abs=0.03)
    assert {some[0].kind for some in drawn if some} == set(KINDS)
    with pytest.raises(ValueError, match="not 'umbrella'"):
        Occluder("umbrella", 1)
