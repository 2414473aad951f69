"""The z-buffer."""

from __future__ import annotations

import numpy as np
import pytest

from tools.people.rasteriser import OPAQUE, empty_buffers, rasterise


def draw(triangles, opacity_map=OPAQUE, opacity=1.0, threshold=0.0, size=32, samples=2, buffers=None, first=0):
    corners = np.array(triangles, np.float32).reshape(-1, 3)
    index = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    depth, owner, weights = buffers or empty_buffers(size)
    uvs = np.tile(np.array([[0.2, 0.2], [0.8, 0.2], [0.2, 0.8]], np.float32), (len(index), 1))
    share = np.full(len(corners), opacity, np.float32)
    rasterise(corners, index, first, depth, owner, weights, False, 0.0, opacity_map, uvs, share, threshold, samples)
    return depth, owner, weights


def test_a_square_of_two_triangles_has_neither_gaps_nor_overlaps():
    near, far = [(4, 4, 1), (28, 4, 1), (28, 28, 1)], [(4, 4, 1), (28, 28, 1), (4, 28, 1)]
    _, owner, _ = draw([near, far])
    assert (owner[4:28, 4:28] >= 0).all()
    assert (owner >= 0).sum() == 24 * 24


def test_the_nearer_triangle_wins_whatever_the_order():
    whole = [(-50, -50, 2), (90, -50, 2), (-50, 90, 2)]
    small = [(5, 5, 1), (20, 5, 1), (5, 20, 1)]
    _, one, _ = draw([whole, small])
    _, other, _ = draw([small, whole])
    assert one[7, 7] == 1 and other[7, 7] == 0
    assert one[25, 12] == 0 and other[25, 12] == 1


def test_barycentric_weights_give_the_sample_back():
    triangle = [(1, 2, 1), (30, 4, 1), (6, 29, 1)]
    _, owner, weights = draw([triangle])
    corners = np.array(triangle)[:, :2]
    for row, column in np.argwhere(owner == 0)[::17]:
        w1, w2 = weights[row, column]
        place = (1 - w1 - w2) * corners[0] + w1 * corners[1] + w2 * corners[2]
        np.testing.assert_allclose(place, [column + 0.5, row + 0.5], atol=1e-3)


@pytest.mark.parametrize("opacity", [0.25, 0.5, 0.8])
def test_a_stratified_cutout_covers_its_opacity_in_every_pixel(opacity):
    everything = [(-100, -100, 1), (300, -100, 1), (-100, 300, 1)]
    _, owner, _ = draw([everything], np.ones((2, 2), np.float32), opacity, threshold=-1.0, size=64)
    covered = (owner >= 0).reshape(32, 2, 32, 2).mean((1, 3))
    assert covered.mean() == pytest.approx(opacity, abs=0.03)
    assert np.abs(covered - opacity).max() <= 0.25 + 1e-6  # one sample of four at the most
