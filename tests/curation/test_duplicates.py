"""Repeated faces go, the sharpest stays, other light, pose or expression stays too."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.curation import duplicates
from faceswap.curation.alignment import expressions
from faceswap.curation.duplicates import EXPRESSION_LIMITS, duplicates_of
from tests.curation.made import record_of

LIMITS = np.array(EXPRESSION_LIMITS, np.float32)


def found(thumbnails, shown=None, blur=None, eligible=None):
    count = len(thumbnails)
    shown = np.zeros((count, len(LIMITS)), np.float32) if shown is None else shown
    blur = np.arange(count) / count if blur is None else np.asarray(blur)
    eligible = np.ones(count, bool) if eligible is None else np.asarray(eligible)
    return duplicates_of(np.asarray(thumbnails, np.uint8), shown, blur, eligible, 3.0).tolist()


def flat(*levels):
    return np.array([np.full((32, 32), level) for level in levels])


def test_the_sharpest_of_equals_stays():
    assert found(flat(100, 100, 100, 200), blur=[0.3, 0.1, 0.2, 0.9]) == [1, -1, 1, -1]


def test_only_eligible_faces_count():
    assert found(flat(100, 100, 100), blur=[0.1, 0.2, 0.3], eligible=[False, True, True]) == [-1, -1, 1]


def test_a_slow_change_of_light_keeps_steps_of_it():
    levels = np.arange(50, 90)
    same_as = np.array(found(flat(*levels)))
    kept = levels[same_as < 0]
    assert kept[0] == 50 and set(np.diff(kept)) == {4}  # within three grey levels of a kept one, no chain
    assert np.abs(levels[same_as[same_as >= 0]] - levels[same_as >= 0]).max() <= 3


def test_each_expression_matters():
    for column in range(len(LIMITS)):
        shown = np.zeros((2, len(LIMITS)), np.float32)
        shown[1, column] = 1.1 * LIMITS[column]
        assert found(flat(100, 100), shown) == [-1, -1]
        shown[1, column] = 0.9 * LIMITS[column]
        assert found(flat(100, 100), shown) == [-1, 0]


def test_a_blink_and_an_open_mouth_are_no_duplicates():
    open_eyes = record_of(0)
    blink, speaks = open_eyes.points.copy(), open_eyes.points.copy()
    blink[[37, 38, 43, 44], 1] = blink[[41, 40, 47, 46], 1]
    speaks[[55, 56, 57, 58, 59, 65, 66, 67], 1] += 5
    records = [open_eyes, *(type(open_eyes)(**{**vars_of(open_eyes), "points": p}) for p in (blink, speaks))]
    assert found(flat(90, 90, 90), expressions(records)) == [-1, -1, -1]


def test_closed_eyes_count_though_the_points_missed_them():
    faces = flat(120, 120, 120)
    faces[1, 9:11, 7:12] = faces[1, 9:11, 20:25] = 60
    faces[2, 25:27, 7:12] = faces[2, 25:27, 20:25] = 121
    assert found(faces) == [-1, -1, 0]


def vars_of(record):
    return {name: value for name, value in vars(record).items() if name != "crop_points"}


@settings(max_examples=30)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 99))
def test_blocks_change_nothing(levels, block, seed):
    blur = np.random.default_rng(seed).random(len(levels))
    whole = found(flat(*levels), blur=blur)
    before = duplicates._BLOCK
    duplicates._BLOCK = block
    try:
        assert found(flat(*levels), blur=blur) == whole
    finally:
        duplicates._BLOCK = before
    kept = [i for i, same in enumerate(whole) if same < 0]
    assert all(abs(levels[a] - levels[b]) > 3 for a in kept for b in kept if a != b)
    assert all(same in kept and blur[same] <= blur[i] for i, same in enumerate(whole) if same >= 0)
