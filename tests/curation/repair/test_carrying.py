"""Changes carried along a track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from faceswap.core.geometry import frame_to_crop_for, mean_face_in_crop, transform_points
from faceswap.curation.repair.carrying import between, shifted
from tests.curation.made import record_of


def turned(record, degrees, scale):
    """The record of the same face turned and grown about the frame's corner."""
    angle = np.radians(degrees)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (record.points @ matrix.T + 300).astype(np.float32)
    return replace(record, points=points, frame_to_crop=frame_to_crop_for(points, record.size_px))


def test_a_change_keeps_its_place_in_a_face_that_turns_and_grows():
    first = record_of(0)
    first = replace(first, frame_to_crop=frame_to_crop_for(first.points, first.size_px))
    records = [first, turned(record_of(1), 40, 2.0)]
    moved = first.points.copy()
    moved[48] += (3, 1)
    found = shifted(records, {0: moved})
    assert np.abs(found[0] - moved).max() < 1e-3
    change = transform_points(records[1].frame_to_crop, found[1]) - records[1].crop_points
    wanted = transform_points(first.frame_to_crop, moved) - first.crop_points
    assert np.abs(change - wanted).max() < 0.02 and np.linalg.norm(found[1] - records[1].points, axis=1).argmax() == 48
    assert np.linalg.norm(found[1][48] - records[1].points[48]) > 6  # twice as large there


def test_a_change_goes_over_in_a_straight_line_and_is_held_outside():
    records = [record_of(frame) for frame in range(9)]
    hand = {2: records[2].points + (4, 0), 6: records[6].points + (0, 2)}
    change = [(points - record.points).mean(0) for points, record in zip(shifted(records, hand), records, strict=True)]
    assert np.allclose(change, [(4, 0)] * 3 + [(3, 0.5), (2, 1), (1, 1.5)] + [(0, 2)] * 3, atol=1e-3)


def test_points_lie_on_lines_between_those_set_by_hand():
    face = mean_face_in_crop(96)
    found = between([1, 2, 3, 5], {0: face, 4: face + (8, 4), 6: face})
    assert np.allclose([(points - face).mean(0) for points in found], [(2, 1), (4, 2), (6, 3), (4, 2)], atol=1e-4)
