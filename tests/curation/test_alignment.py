"""Heads in any pose are faces; scattered points and single jumps are not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.core.landmarks import MEAN_FACE
from faceswap.curation.alignment import jumps, shape_errors
from faceswap.curation.config import Limits
from tests.curation.made import record_of

angle = st.floats(-80, 80)


def rotation(yaw, pitch, roll):
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


@settings(max_examples=50)
@given(angle, angle, angle, st.floats(5, 500))
def test_a_turned_head_is_a_face_at_any_size(yaw, pitch, roll, width):
    points = (MEAN_FACE @ rotation(yaw, pitch, roll).T)[:, :2] * width + 70
    assert shape_errors(points[None])[0] < 0.02


def test_what_is_no_face():
    rng = np.random.default_rng(1)
    shuffled = MEAN_FACE[rng.permutation(68), :2] * 100
    heap, line = np.full((68, 2), 7.0), np.linspace(0, 100, 136).reshape(68, 2)
    upside = MEAN_FACE[:, :2] * [100, 100]
    upside[48:68, 1] -= 90  # the mouth above the eyes
    mirrored = MEAN_FACE[:, :2] * [-100, 100]
    errors = shape_errors(np.stack([shuffled, rng.uniform(0, 100, (68, 2)), heap, line, upside, mirrored]))
    assert (errors > Limits().shape_error).all(), errors


def moved(record, shift):
    values = {name: value for name, value in vars(record).items() if name != "crop_points"}
    return type(record)(**{**values, "points": record.points + shift, "box": record.box + shift})


def test_a_single_jump_is_found_and_its_neighbours_are_not():
    records = [record_of(i) for i in range(9)]
    records[4] = moved(records[4], 30)
    found = jumps(records)
    assert found[4] > Limits().jump
    assert (np.delete(found, 4) < 1e-3).all()


def test_steady_motion_gaps_and_other_tracks_are_no_jumps():
    fast = [moved(record_of(i, track=0), 25 * i) for i in range(8)]
    assert jumps(fast).max() < 1e-3
    gap = [record_of(i, frame=frame) for i, frame in enumerate([0, 1, 50, 51])]
    gap[2:] = [moved(record, 80) for record in gap[2:]]
    assert jumps(gap).max() < 1e-3
    alone = [moved(record_of(i, track=-1), 40 * (i % 2)) for i in range(5)]
    assert jumps(alone).max() == 0
