from __future__ import annotations

import logging

import cv2
import numpy as np
import pytest

from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.shapes import BROW_ENDS, HullMask, face_size
from faceswap.swap.data.face_mask import face_outline
from tests.compositing.masks.test_shapes import POINTS, _disc


def test_learned_mask_is_used_and_cut_below_half() -> None:
    learned = _disc() * 0.9
    learned[learned == 0] = 0.3
    alpha = LearnedMask(0, 0).alpha(POINTS, 128, learned)
    assert alpha[64, 64] == pytest.approx(0.9) and alpha[64, 5] == 0


def test_missing_learned_mask_warns_once(caplog) -> None:
    mask = LearnedMask()
    with caplog.at_level(logging.WARNING):
        first, second = mask.alpha(POINTS, 128, None), mask.alpha(POINTS, 128, None)
    assert len(caplog.records) == 1 and "hull" in caplog.text
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, HullMask(mask.erode, mask.feather).alpha(POINTS, 128, None))


@pytest.mark.parametrize("turn", [1.0, 0.55, 0.3])
def test_a_learned_mask_ends_with_the_face(turn: float) -> None:
    """A model that smears, as in a profile that it never saw, is held near the outline; a mask that fits is let be."""
    points = ((POINTS - POINTS.mean(0)) * (turn, 1) + POINTS.mean(0)).astype(np.float32)
    outline, size = face_outline(points, brow_ends=BROW_ENDS), face_size(points)
    alpha = LearnedMask(feather=0).alpha(points, 128, np.ones((128, 128), np.float32))
    for y in range(2, 126, 3):
        for x in range(2, 126, 3):
            inside_px = cv2.pointPolygonTest(outline, (x, y), True)
            if inside_px < -0.3 * size:
                assert alpha[y, x] == 0
            elif inside_px > 1:
                assert alpha[y, x] > 0.9
