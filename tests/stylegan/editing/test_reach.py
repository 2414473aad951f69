"""What edits may change in a photo: on a drawing that changes everywhere, only what the direction's name says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from faceswap.compositing.blenders import AlphaBlender
from faceswap.compositing.masks.shapes import BoxMask
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Face, Frame
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.directions.directions import Direction
from faceswap.stylegan.editing.edits import DirectionEdit
from faceswap.stylegan.editing.flow import in_one_piece
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.editing.photos import Inverted, edited
from faceswap.stylegan.editing.reach import EVERYTHING, REACHES, reach_alpha, reaches_of, without_light
from tests.stylegan.tiny import tiny_generator

FACE = Face.from_points(MEAN_FACE[:, :2] * 60 + [100, 100])
FRAME = Frame(np.full((200, 200, 3), 120, np.uint8), 0, 0.0)
VIEW = align_style(FRAME, FACE, 64)
MOUTH, EYES = (slice(48, 60), slice(36, 48))


class Whole(BoxMask):
    """The whole view."""

    def alpha(self, points, size_px, learned):
        return np.ones((128, 128), np.float32)


def edit(name: str, strength: float = 1.0) -> DirectionEdit:
    any_way = np.ones(4, np.float32)
    return DirectionEdit(Direction(name, any_way, any_way, 1.0), strength, strength)


def changed(before: np.ndarray, after: np.ndarray, *names: str) -> np.ndarray:
    """How many levels each pixel of the frame changes (200, 200)."""
    paster = Paster(Whole(), NoColour(), AlphaBlender(), "move")
    made = paster.paste(FRAME, [VIEW], before[None], after[None], [-1], None, reaches_of([edit(n) for n in names]))
    return np.abs(made.image.astype(int) - FRAME.image).max(2)


def at(picture: np.ndarray, points: slice) -> float:
    x, y = FACE.points[points].mean(0).round().astype(int)
    return float(picture[y, x])


def test_a_change_everywhere_comes_in_where_the_name_says():
    before = np.full((64, 64, 3), 0.4, np.float32)
    after = before - np.float32(0.2)
    beard, glasses, hair, other = (changed(before, after, name) for name in ("beard", "glasses", "hair", "age"))
    assert at(beard, MOUTH) > 45 and at(beard, EYES) == 0
    assert at(glasses, EYES) > 45 and at(glasses, MOUTH) == 0
    assert at(hair, EYES) == at(hair, MOUTH) == 0 and hair[60, 40] > 45
    assert at(other, EYES) > 45 and at(other, MOUTH) > 45
    both = changed(before, after, "beard", "glasses")
    assert at(both, MOUTH) > 45 and at(both, EYES) > 45


def test_a_smile_shades_no_cheeks_and_keeps_its_detail():
    before = np.full((64, 64, 3), 0.4, np.float32)
    assert changed(before, before - np.float32(0.2), "smile").max() <= 1
    teeth = np.zeros((64, 64, 3), np.float32)
    teeth[30:33, 20:44] = 0.3
    np.testing.assert_allclose(without_light(teeth)[31, 32], 0.3, atol=0.08)


@pytest.mark.parametrize("name", [name for name, reach in REACHES.items() if not reach.moves])
def test_what_is_no_motion_moves_no_pixel(name, monkeypatch):
    def no_flow(before, after, turns):
        raise AssertionError("no pixel is to be moved")

    monkeypatch.setattr("faceswap.stylegan.editing.pasting.motion_and_rest", no_flow)
    drawn = np.random.default_rng(0).random((2, 64, 64, 3)).astype(np.float32)
    changed(*drawn, name)
    with pytest.raises(AssertionError):
        changed(*drawn, name, "yaw")


def test_a_region_is_smooth_and_a_whole_head_is_whole():
    alpha = reach_alpha([REACHES["smile"]], VIEW.points, 64)
    assert alpha.min() == 0 and alpha.max() == 1
    assert np.abs(np.diff(alpha, axis=0)).max() < 0.25 and np.abs(np.diff(alpha, axis=1)).max() < 0.25
    assert (reach_alpha([REACHES["smile"], EVERYTHING], VIEW.points, 64) == 1).all()


def test_a_turn_moves_the_head_in_one_piece_and_adds_no_colour():
    columns = np.arange(64, dtype=np.float32)
    blob = [np.exp(-((columns[None] - x) ** 2 + (columns[:, None] - 31.5) ** 2) / 50) for x in (30.5, 33.5)]
    before, after = (0.5 * one[..., None].repeat(3, 2).astype(np.float32) for one in blob)
    assert changed(before, after + np.float32(0.2), "yaw").max() <= 1  # on a flat photo only colour could be seen
    assert changed(before, after + np.float32(0.2), "yaw", "light").max() > 45


def test_a_turn_is_fitted_whatever_an_eye_does():
    rows, columns = np.mgrid[:128, :128].astype(np.float32) / 63.5 - 1
    turn = np.stack([3 - 4 * columns**2 + rows, 0.5 * columns * rows], -1).astype(np.float32)
    torn = turn.copy()
    torn[50:60, 40:55] += 9  # an eye that goes its own way
    face = np.hypot(columns / 0.5, (rows - 0.1) / 0.6) < 1
    np.testing.assert_allclose(in_one_piece(torn)[face], turn[face], atol=0.15)
    assert np.abs(in_one_piece(torn)[0, 0]).max() < np.abs(turn[0, 0]).max()  # it dies away


def test_an_edit_of_no_strength_opens_nothing():
    assert reaches_of([edit("beard"), edit("yaw", 0.0), edit("own")]) == [REACHES["beard"], EVERYTHING]


def test_a_head_is_turned_after_everything_else():
    """Each step is given what it may change alone."""
    generator = tiny_generator()
    rows = generator.spread(torch.randn(1, generator.average.shape[-1]))
    steps = []

    class Watched(Paster):
        def paste(self, frame, views, before, after, tracks, free, reaches=()):
            steps.append(list(reaches))
            return super().paste(frame, views, before, after, tracks, free, reaches)

    def moving(name):
        any_way = np.ones(rows.shape[-1], np.float32)
        return DirectionEdit(Direction(name, any_way, any_way, 1.0), 1, 1)

    photo = Inverted(FRAME, align_style(FRAME, FACE, 32), rows, 0.0)
    edited(generator, photo, [moving("yaw"), moving("beard")], Watched(Whole(), NoColour(), AlphaBlender()))
    edited(generator, photo, [moving("beard")], Watched(Whole(), NoColour(), AlphaBlender()))
    assert steps == [[REACHES["beard"]], [REACHES["yaw"]], [REACHES["beard"]]]
