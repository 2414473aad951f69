"""Counterfactuals: one thing is moved by what is said, everything else stays, to the pixel."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from faceswap.utils.errors import UserError
from tools.people.__main__ import main
from tools.people.counterfactual import FACTORS, base_scene, counterfactual
from tools.people.dataset import Plan
from tools.people.labels import Label
from tools.people.person import Person

SEEDS = range(40)


def scenes():
    return [base_scene(Person.from_seed(seed), seed, 30.0) for seed in SEEDS]


@pytest.mark.parametrize("place", range(len(FACTORS)), ids=[factor.name for factor in FACTORS])
def test_a_move_is_as_long_as_it_says_and_moves_nothing_else(place):
    asked = FACTORS[place]
    told = 0
    for seed, scene in zip(SEEDS, scenes(), strict=True):
        if asked.value(scene) is None:
            continue
        after, name, step = counterfactual(scene, place, seed)
        assert name == asked.name
        told += 1
        for factor in FACTORS:
            before = factor.value(scene)
            expected = None if before is None else before + step * (factor is asked)
            if factor.name == "beard" and name == "gender":
                continue  # whether a face can have a beard follows from its gender
            assert factor.value(after) == (None if expected is None else pytest.approx(expected, abs=1e-5)), factor.name
    assert told >= len(SEEDS) / 4


def test_steps_are_long_enough_and_stay_in_range():
    for place, factor in enumerate(FACTORS):
        for seed, scene in zip(SEEDS, scenes(), strict=True):
            before = factor.value(scene)
            if before is None or factor.name == "beard":
                continue
            _, _, step = counterfactual(scene, place, seed)
            assert factor.low - 1e-6 <= before + step <= factor.high + 1e-6
            assert abs(step) >= min(factor.least, max(before - factor.low, factor.high - before)) - 1e-6


def test_what_cannot_be_moved_gives_way_to_something_else():
    women = [scene for scene in scenes() if scene.person.gender < 0.5]
    beard = [factor.name for factor in FACTORS].index("beard")
    names = {counterfactual(scene, beard, seed)[1] for seed, scene in enumerate(women)}
    assert "beard" not in names and len(names) > 2


def test_every_moment_comes_with_all_its_moves_and_in_one_split():
    each = len(FACTORS) + 1
    plan = Plan(40 * each, 40, counterfactual=True)
    for moment in range(40):
        cells, places = zip(*(plan.move(moment * each + number) for number in range(each)), strict=True)
        assert len(set(cells)) == 1 and places == tuple(range(-1, len(FACTORS)))
    assert {plan.move(index)[0][2] for index in range(plan.pictures)} == {"training", "validation"}
    with pytest.raises(UserError, match="one person a moment"):
        Plan(100, 40, together=2, counterfactual=True)


def test_pictures_differ_only_where_the_move_is_seen(assets_folder, tmp_path):
    folder = tmp_path / "set"
    count = len(FACTORS) + 1
    command = ["dataset", str(folder), "--assets", str(assets_folder), "--workers", "1", "--counterfactual"]
    assert main([*command, "--pictures", str(count), "--people", "1", "--size", "64", "--seed", "3"]) == 0
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    images = [cv2.imread(str(folder / row["file"])) for row in rows]
    labels = [cv2.imread(str(folder / row["file"].replace("images", "labels")), 0) for row in rows]
    assert rows[0]["factor"] == "" and rows[0]["step"] == 0
    for row, image, label in zip(rows[1:], images[1:], labels[1:], strict=True):
        assert row["step"] != 0
        changed = np.abs(image.astype(int) - images[0]).max(2) > 0
        assert changed.any(), row["factor"]
        behind = (label == Label.BACKGROUND) & (labels[0] == Label.BACKGROUND)
        behind = cv2.erode(behind.astype(np.uint8), np.ones((7, 7))) > 0  # what the lens blurs into it is no background
        assert not changed[behind].any(), row["factor"]
