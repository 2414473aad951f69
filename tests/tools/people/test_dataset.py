"""Sets: who plays which moment in which split, and going on where one stopped."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from faceswap.utils.errors import UserError
from tools.people.__main__ import main
from tools.people.dataset import IN_A_ROW, Plan


@given(st.integers(1, 400), st.integers(1, 90), st.integers(1, 5))
def test_splits_share_no_people_and_no_moments(pictures, people, together):
    assume(together <= max(1, people - people // 10))
    cells = [Plan(pictures, people, together=together).cell(index) for index in range(pictures)]
    by_split: dict[str, set] = {"training": set(), "validation": set()}
    for person, moment, split in cells:
        by_split[split].add(("person", person))
        by_split[split].add(("moment", moment))
    assert not by_split["training"] & by_split["validation"]
    assert len(set(cells)) == pictures  # nobody plays the same moment twice


def test_paired_mode_gives_each_moment_to_k_people():
    plan = Plan(400, 40, together=4)
    players: dict[int, set[int]] = {}
    for index in range(400):
        person, moment, _ = plan.cell(index)
        players.setdefault(moment, set()).add(person)
    assert {len(group) for group in players.values()} == {4}
    counts = np.bincount([plan.cell(index)[0] for index in range(400)])
    assert counts.min() >= 5 and np.ptp(counts) <= IN_A_ROW  # everybody gets about as many


@given(st.integers(1, 60), st.integers(IN_A_ROW, 40), st.integers(1, 4), st.integers(0, IN_A_ROW))
def test_the_same_people_play_moments_in_a_row(people, pictures_each, together, more):
    plan_people = max(people, together)
    assume(together <= max(1, plan_people - plan_people // 10))
    plan = Plan(plan_people * pictures_each + more, plan_people, together=together)
    for split in ("training", "validation"):
        groups: dict[int, list[int]] = {}  # the people of each moment, in order
        for person, moment, side in map(plan.cell, range(plan.pictures)):
            if side == split:
                groups.setdefault(moment, []).append(person)
        played = [group for group in groups.values() if len(group) == together]  # a set may end within a moment
        for start in range(0, len(played) - IN_A_ROW + 1, IN_A_ROW):
            assert all(group == played[start] for group in played[start : start + IN_A_ROW])
        if together == 1 and len(played) >= 2 * IN_A_ROW and len({group[0] for group in played}) > 1:
            assert played[IN_A_ROW] != played[0]


def test_all_people_appear_about_equally_often():
    for pictures, people, together in ((20_000, 2_500, 1), (4_000, 250, 1), (3_200, 100, 1), (8_000, 200, 4)):
        plan = Plan(pictures, people, together=together)
        cells = [plan.cell(index) for index in range(pictures)]
        counts = np.bincount([person for person, *_ in cells], minlength=people)
        assert len(counts) == people and counts.min() > 0
        assert counts.max() - counts.min() <= 2 * IN_A_ROW, (pictures, people, together)


@given(st.integers(1, 50), st.integers(IN_A_ROW, 20), st.integers(0, 500))
def test_a_set_that_grows_keeps_its_pictures(people, pictures_each, more):
    plan = Plan(people * pictures_each, people)
    larger = Plan(plan.pictures + more, people)
    assert [larger.cell(index) for index in range(plan.pictures)] == [plan.cell(i) for i in range(plan.pictures)]


def test_a_plan_says_what_is_wrong():
    with pytest.raises(UserError, match="together=9"):
        Plan(10, 5, together=9)
    with pytest.raises(UserError, match="between 32 and 2048"):
        Plan(10, 5, size_px=9)


def test_without_the_files_the_command_says_where_to_get_them(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("FACESWAP_PEOPLE_ASSETS", raising=False)
    assert main(["dataset", str(tmp_path), "--pictures", "1", "--people", "1"]) == 2
    assert "tools/people/README.md" in capsys.readouterr().err
    assert main(["sheet", "--assets", str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_a_set_is_written_and_continued(assets_folder, tmp_path, capsys):
    folder = tmp_path / "set"

    def write(count: int, people: int = 4) -> int:
        command = ["dataset", str(folder), "--assets", str(assets_folder), "--workers", "1", "--depth"]
        return main([*command, "--pictures", str(count), "--people", str(people), "--size", "64"])

    assert write(3) == 0
    first = {path.name: path.read_bytes() for path in (folder / "images").iterdir()}
    assert write(5) == 0
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert len(rows) == 5 and all((folder / row["file"]).exists() for row in rows)
    for name, data in first.items():
        assert (folder / "images" / name).read_bytes() == data
    arrays = np.load(folder / "shards" / "000000.npz")
    assert arrays["points"].shape == (5, 68, 2) and arrays["dense"].shape == (5, 512, 2)
    assert (folder / "contact_sheet.jpg").exists()
    assert write(5) == 0 and json.loads((folder / "report.json").read_text())["rendered"] == 0
    capsys.readouterr()
    assert write(5, people=3) == 2
    assert "made with another plan" in capsys.readouterr().err
