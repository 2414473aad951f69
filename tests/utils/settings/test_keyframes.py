"""Numbers along a film: what may be said, and what lies between."""

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.settings.keyframes import Keyframes


@pytest.mark.parametrize("said", ["{0: 1, 100: 0.5}", "{100:.5,0:1}", {0: 1, 100: 0.5}])
def test_straight_lines_between_and_held_outside(said):
    course = Keyframes.read("strength", said)
    assert [course.at(frame) for frame in (0, 50, 100, 900)] == [1, 0.75, 0.5, 0.5]
    assert str(course) == "0-1_100-0.5"


@pytest.mark.parametrize("said", ["0.5", 0.5, "{30: 0.5}"])
def test_one_number_is_held(said):
    course = Keyframes.read("strength", said)
    assert course.at(0) == course.at(1000) == 0.5 and str(course) == "0.5"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("half", "strength=half: say strength=0.5"),
        ("{}", "by frames"),
        ("{0: 1, 9}", "by frames"),
        ("{0: 1, 0: 0.5}", "stands there twice"),
        ("{0: 1, 9: 1.5}", "strength=1.5: a number from 0 to 1"),
        ("-1", "strength=-1: say"),
        ({-1: 1}, "no film has such a frame"),
        ("nan", "strength=nan: say"),
    ],
)
def test_anything_else_is_one_line(said, why):
    with pytest.raises(UserError, match=why):
        Keyframes.read("strength", said)


def test_past_the_end():
    course = Keyframes.read("strength", "{0: 1, 120: 0.5}")
    course.check_within("strength", 121)
    course.check_within("strength", None)
    with pytest.raises(UserError, match="frame 120 is past the end: the last of 120 is 119"):
        course.check_within("strength", 120)


@pytest.mark.parametrize(
    "said",
    [
        "9" * 300_000,
        "9" * 300_000 + "x",
        "{0:" + "9" * 300_000 + "}",
        {"a": 1},
        {0: None},
        {0: [1]},
        {float("inf"): 1},
        None,
    ],
)
def test_hostile_values_are_one_short_line(said):
    with pytest.raises(UserError) as told:
        Keyframes.read("opacity", said)
    assert len(str(told.value)) < 300
