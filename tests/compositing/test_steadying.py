"""What is steadied between drawing and pasting: colours and masks by both sides, faces that come and go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faceswap.compositing.drawing import PlacedFrame
from faceswap.compositing.masks.shapes import HullMask
from faceswap.compositing.steadying import REACH, Steadying, steadied
from faceswap.core.values import DrawnFaces, Frame
from faceswap.media.pictures.colour_transfer import Reinhard
from tests.compositing.fakes import smooth_picture
from tests.compositing.masks.test_parsed import parsed, view

SHOT, OTHER_SHOT = smooth_picture(640, 480, 0), smooth_picture(640, 480, 5)[::-1].copy()
HOW = Steadying(HullMask(), Reinhard(), 0.8, 3)


def item(index: int, *tracks: int, picture: np.ndarray = SHOT, level: float = 0.5) -> PlacedFrame:
    """A frame with a face of one grey level for each track, all at one place."""
    frame = Frame(picture, index, index / 25)
    drawn = DrawnFaces([np.full((96, 96, 3), level, np.float32)] * len(tracks), [None] * len(tracks))
    placed = PlacedFrame(frame, [view(frame)] * len(tracks), tracks, [0] * len(tracks))
    return replace(placed, drawn=drawn) if tracks else placed


def fading(items: list[PlacedFrame], how: Steadying = HOW) -> list[float]:
    return [round(done.fading[0], 2) if done.fading else 0.0 for done in steadied(items, how)]


def test_a_face_that_comes_and_goes_within_a_shot_is_faded():
    items = [item(i, *([3] if 2 <= i < 12 else [])) for i in range(15)]
    assert fading(items) == [0, 0, 0.16, 0.5, 0.84, 1, 1, 1, 1, 0.84, 0.5, 0.16, 0, 0, 0]
    assert set(fading(items, replace(HOW, fade_frames=0))) == {0.0, 1.0}


def test_nothing_is_faded_at_the_ends_of_the_film_at_cuts_and_gaps():
    assert set(fading([item(i, 3) for i in range(9)])) == {1.0}
    cut = [item(i, 3) if i < 5 else item(i, picture=OTHER_SHOT) for i in range(10)]
    assert fading(cut) == [1.0] * 5 + [0.0] * 5
    gap = [item(i, 3) for i in range(5)] + [item(i) for i in range(50, 55)]
    assert fading(gap) == [1.0] * 5 + [0.0] * 5


def test_a_face_that_goes_on_under_another_number_is_not_faded():
    assert set(fading([item(i, 3 if i < 5 else 4) for i in range(10)])) == {1.0}
    assert set(fading([item(i, -1) for i in range(4)] + [item(4)])) == {0.0, 1.0}  # of no track nothing is known


def test_colours_are_those_of_both_sides_and_of_one_shot():
    levels = [0.5, 0.5, 0.5, 0.505, 0.5, 0.5, 0.5]
    done = list(steadied([item(i, 3, level=level) for i, level in enumerate(levels)], HOW))
    means = np.array([one.colours[0][0].mean[0] for one in done])
    assert np.ptp(means) < 0.4 * _lightness_step(0.5, 0.505)
    assert means[:3] == pytest.approx(means[:3:-1], abs=1e-6)  # as much by what comes as by what was
    cut = [item(i, 3, picture=SHOT if i < 4 else OTHER_SHOT, level=0.5 if i < 4 else 0.505) for i in range(8)]
    means = np.array([one.colours[0][0].mean[0] for one in steadied(cut, HOW)])
    assert np.ptp(means[:4]) < 1e-6 and np.ptp(means[4:]) < 1e-6
    assert means[4] - means[3] == pytest.approx(_lightness_step(0.5, 0.505), rel=0.05)


def test_what_a_mask_sees_is_steadied_by_both_sides_and_an_earlier_look_is_kept():
    mask = parsed(steady=0.5)
    items = [item(i, 3) for i in range(7)]
    seen = [np.full((128, 128), 0.9 if i == 3 else 0.8, np.float32) for i in range(7)]
    items = [replace(one, free=[own]) for one, own in zip(items, seen, strict=True)]
    free = [one.free[0][0, 0] for one in steadied(items, replace(HOW, mask=mask))]
    assert 0.8 < free[3] < 0.86 and free[2] == pytest.approx(free[4]) and free[2] > 0.8
    assert mask._parser.calls == []
    assert len(next(iter(steadied([item(i, 3) for i in range(3)], replace(HOW, mask=mask)))).free) == 1


def test_alphas_are_kept_only_of_masks_that_do_not_see_the_frames():
    plain = next(iter(steadied([item(0, 3)], HOW)))
    shown = plain.views[0]
    np.testing.assert_array_equal(plain.alphas[0], HullMask().alpha(shown.points, shown.size_px, None))
    seeing = replace(HOW, mask=parsed())
    assert next(iter(steadied([item(0, 3)], seeing))).alphas is None


def test_each_frame_depends_on_a_few_around_it_alone():
    """A part of a film made by itself is as the whole has it, if it is given so many more frames."""
    rng = np.random.default_rng(0)
    items = [item(i, 3, level=float(level)) for i, level in enumerate(rng.normal(0.5, 0.004, 30))]
    whole, part = list(steadied(items, HOW)), list(steadied(items[10 - REACH : 20 + REACH], HOW))
    for one, other in zip(whole[10:20], part[REACH:-REACH], strict=True):
        np.testing.assert_array_equal(one.colours[0][0].mean, other.colours[0][0].mean)


def test_pictures_go_through_as_they_are():
    items = [item(0, 3), item(1)]
    assert list(steadied(items, replace(HOW, keep=0.0, fade_frames=0))) == items
    assert list(steadied([], HOW)) == []


def _lightness_step(low: float, high: float) -> float:
    def of(level):
        (one,) = steadied([item(0, 3, level=level)], HOW)
        return one.colours[0][0].mean[0]

    return of(high) - of(low)
