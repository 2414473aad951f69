from __future__ import annotations

import logging
import shutil

import cv2
import numpy as np
import pytest

from faceswap.swap.data.pair_data import FaceViews
from faceswap.swap.evaluation.health import SETTLED, HealthMonitor
from tests.swap.fakes import make_face_set
from tests.swap.trained_runs import train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


def painted(folder, colour, those=lambda index: True):
    for index, path in enumerate(sorted(folder.glob("*.png"))):
        if those(index):
            cv2.imwrite(str(path), np.full((64, 64, 3), colour, np.uint8))
    return folder


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("colour", [0, 255])
def test_faces_of_one_colour_are_told_before_training(sets, tmp_path, caplog, side, colour):
    faces = list(sets)
    faces[side] = painted(make_face_set(tmp_path / "dark", 30), colour)
    train(faces, tmp_path / "run", iterations=1)
    assert "dark shows nothing: all pictures looked at are of one colour" in caplog.text


def test_some_faces_of_one_colour_are_told(sets, tmp_path, caplog):
    half = painted(make_face_set(tmp_path / "half", 30), 0, lambda index: index % 2)
    train((sets[0], half), tmp_path / "run", iterations=1)
    assert "pictures looked at of half are of one colour" in caplog.text


def test_one_picture_over_and_over_is_told(sets, tmp_path, caplog):
    still = make_face_set(tmp_path / "still", 30)
    first = (still / "000000_00.png").read_bytes()
    for path in still.glob("*.png"):
        path.write_bytes(first)
    train((still, sets[1]), tmp_path / "run", iterations=1)
    assert "still are one and the same" in caplog.text


@pytest.mark.parametrize("how", ["itself", "copied"])
def test_a_pair_with_itself_is_told(sets, tmp_path, caplog, how):
    other = sets[0] if how == "itself" else shutil.copytree(sets[0], tmp_path / "copy")
    train((sets[0], other), tmp_path / "run", iterations=1)
    assert "A and B are the same pictures" in caplog.text


def test_an_honest_pair_is_not_called_a_pair_with_itself(sets, tmp_path, caplog):
    train(sets, tmp_path / "run", iterations=1)
    assert "same" not in caplog.text and "colour" not in caplog.text


RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 256, (6, 16, 16, 4), np.uint8)
FACES = {"validation/swap/faces_share": 1.0}
NONE = {"validation/swap/faces_share": 0.0}


def watch():
    return HealthMonitor(FaceViews(TRUTH, np.zeros((6, 68, 2), np.float32)))


@pytest.mark.parametrize(
    "drawn", [np.full((6, 16, 16, 3), 255), np.zeros((6, 16, 16, 3)), np.repeat(TRUTH[:1, ..., :3], 6, 0)]
)
def test_a_collapsed_model_is_warned_of_once(caplog, drawn):
    looks = watch()
    with caplog.at_level(logging.WARNING):
        for iteration in (10, SETTLED, SETTLED + 100):
            looks.check(drawn.astype(np.uint8), {}, iteration, False)
    assert caplog.text.count("the model has collapsed: at iteration 500") == caplog.text.count("WARNING") == 1
    assert "restart=true" in caplog.text and "checkpoint=best" in caplog.text


def test_one_that_drew_faces_is_warned_of_at_once(caplog):
    looks = watch()
    looks.check(TRUTH[..., :3], FACES, 10, False)
    looks.check(np.full((6, 16, 16, 3), 255, np.uint8), NONE, 20, False)
    assert "has collapsed: at iteration 20" in caplog.text


def test_swaps_without_faces_are_warned_of_at_the_end_or_when_there_were_some(caplog):
    looks = watch()
    looks.check(TRUTH[..., :3], NONE, SETTLED, False)
    assert not caplog.text
    looks.check(TRUTH[..., :3], NONE, SETTLED + 1, True)
    assert "most swaps show no face at iteration 501" in caplog.text
    caplog.clear()
    looks = watch()
    looks.check(TRUTH[..., :3], FACES, 10, False)
    looks.check(TRUTH[..., :3], NONE, 20, False)
    assert "most swaps show no face at iteration 20" in caplog.text


def test_a_model_that_draws_is_left_in_peace(caplog):
    looks = watch()
    for iteration in (10, SETTLED, 5000):
        looks.check(255 - TRUTH[..., :3], FACES, iteration, iteration == 5000)
    assert not caplog.text
