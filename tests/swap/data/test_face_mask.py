from __future__ import annotations

import numpy as np

from faceswap.core.geometry import mean_face_in_crop
from faceswap.core.landmarks import BROWS
from faceswap.swap.data.face_mask import face_outline, hull_mask


def test_the_mask_holds_all_points_and_some_forehead():
    points = mean_face_in_crop(256)
    mask = hull_mask(points, 256)
    for x, y in (points + (128 - points) * 0.03).round().astype(int):
        assert mask[y, x] == 255
    top = np.flatnonzero(mask.any(1))[0]
    brow, chin = points[BROWS, 1].min(), points[:, 1].max()
    assert 0.1 < (brow - top) / (chin - brow) < 0.3
    assert mask[:5].max() == 0 and mask[-20:].max() == 0


def test_the_mask_grows_with_the_picture():
    areas = [(hull_mask(mean_face_in_crop(size), size) > 127).mean() for size in (128, 512)]
    assert abs(areas[0] - areas[1]) < 0.01


def test_the_outline_turns_with_the_face():
    points = mean_face_in_crop(100)
    quarter = np.array([[0, -1], [1, 0]], np.float32)
    turned = face_outline((points @ quarter.T).astype(np.float32))
    there = face_outline(points) @ quarter.T
    assert sorted(map(tuple, turned.round(2))) == sorted(map(tuple, there.round(2)))


def test_a_face_partly_outside_is_cut():
    mask = hull_mask(mean_face_in_crop(128) - np.float32([60, 0]), 128)
    assert mask[64, 0] == 255 and mask.shape == (128, 128)
