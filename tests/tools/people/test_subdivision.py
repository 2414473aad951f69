"""Catmull-Clark as a matrix."""

from __future__ import annotations

import numpy as np

from tools.people.subdivision import catmull_clark

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
CUBE_FACES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def test_a_cube_turns_rounder_about_its_middle():
    finer = catmull_clark(CUBE_FACES, 8)
    points = finer.operator @ CUBE
    assert len(points) == 8 + 12 + 6
    assert len(finer.faces) == 24
    np.testing.assert_allclose(points.mean(0), 0.5, atol=1e-6)
    # by hand: a corner (0, 0, 0) of valence 3 moves to (F + 2 R) / 3 with F = 1/3, R = 1/6 for each coordinate
    np.testing.assert_allclose(points[0], [2 / 9] * 3, atol=1e-6)


def test_every_new_vertex_is_an_average():
    finer = catmull_clark(CUBE_FACES, 8)
    np.testing.assert_allclose(np.asarray(finer.operator.sum(1)).ravel(), 1, atol=1e-6)


def test_an_open_border_stays_where_it_is():
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    points = catmull_clark(np.array([[0, 1, 2, 3]]), 4).operator @ square
    np.testing.assert_allclose(points[:4], square)
    np.testing.assert_allclose(points[-1], [0.5, 0.5, 0])


def test_a_triangle_gives_three_quads_and_halved_uvs():
    finer = catmull_clark(np.array([[0, 1, 2, 2]]), 3)
    assert len(finer.faces) == 3
    uvs = finer.uvs(np.array([[0, 0], [1, 0], [0, 1]], np.float32), np.array([[0, 1, 2, 2]]))
    np.testing.assert_allclose(uvs[0], [[0, 0], [0.5, 0], [1 / 3, 1 / 3], [0, 0.5]], atol=1e-6)
