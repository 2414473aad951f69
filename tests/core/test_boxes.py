"""Boxes: areas, intersection over union, same place."""

import numpy as np
import pytest

from faceswap.core.boxes import are_close, box_area, box_of, intersections, iou, pairwise_iou, same_place


def test_iou_counts_what_is_common():
    a, b = np.array([0, 0, 10, 10.0]), np.array([5, 0, 15, 10.0])
    assert iou(a, b) == pytest.approx(1 / 3) and iou(a, a) == pytest.approx(1) and iou(a, b + 20) == 0


def test_pairs_agree_with_single_boxes():
    boxes = np.random.default_rng(0).uniform(0, 50, (6, 4)).astype(np.float32)  # some with corners swapped
    expected = [[iou(a, b) for b in boxes] for a in boxes]
    np.testing.assert_allclose(pairwise_iou(boxes, boxes), expected, atol=1e-6)
    assert pairwise_iou(boxes[:0], boxes).shape == (0, 6) and intersections(boxes, boxes[:0]).shape == (6, 0)


def test_a_box_fits_its_points_and_has_their_area():
    box = box_of(np.array([[3, 4], [1, 9], [2, 5]], np.float32))
    np.testing.assert_allclose(box, [1, 4, 3, 9])
    assert box_area(box) == 10 and box_area(box[[2, 3, 0, 1]]) == 0


def test_a_small_face_inside_a_large_one_is_another():
    large = np.array([0, 0, 100, 100.0])
    assert not same_place(large, np.array([40, 40, 60, 60.0]))
    assert same_place(large, large + 40) and are_close(large, large + [110, 0, 110, 0])
