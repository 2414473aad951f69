"""Repairs on record: whole or not made, whatever moment a kill comes at; damaged files are told."""

from __future__ import annotations

import pytest

from faceswap.curation.repair import history
from faceswap.curation.repair.repair import undo
from faceswap.utils.errors import UserError
from tests.curation.repair.conftest import content, walking


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("step", range(9))
def test_a_kill_at_any_step_leaves_a_repair_that_is_finished_or_none(repair, folder, monkeypatch, step):
    begun = content(folder)
    walk = walking(folder)
    repair.move(walk[4].file, walk[4].points + 3)
    wanted = content(folder)
    undo(folder)
    steps = iter(range(100))

    def dying(name):
        whole = getattr(history, name)

        def call(*arguments):
            if next(steps) == step:
                raise Killed
            return whole(*arguments)

        monkeypatch.setattr(history, name, call)

    for name in ("_note", "_write_alignments", "write_other_people", "_exchange_crop", "move", "remove"):
        dying(name)
    with pytest.raises(Killed):
        repair.move(walk[4].file, walk[4].points + 3)
        repair.move(walk[4].file, walk[4].points + 3)  # where the first had fewer steps
    monkeypatch.undo()
    history.finish(folder)
    while len(history.numbers(folder)) > 1:
        undo(folder)
    assert content(folder) in (begun, wanted)


def test_damaged_records_are_told(repair, folder):
    walk = walking(folder)
    repair.move(walk[4].file, walk[4].points + 3)
    file = folder / "repairs" / "000001.jsonl"
    whole = file.read_text()
    for damaged in ("", "[]\n", "{}\n", whole.replace("moved", "x"), whole.replace("000004_00", "../x"),
                    whole.replace('"used"', '"away"'), whole + "[1, 2, 3]\n", whole + "nonsense\n"):  # fmt: skip
        file.write_text(damaged)
        with pytest.raises(UserError, match="tells of no repair"):
            history.read_repair(folder, 1)
    file.write_text(whole)
    assert undo(folder).number == 1


def test_too_large_a_repair_is_refused(repair, folder, monkeypatch):
    monkeypatch.setattr(history, "REPAIRED_FACES", 2)
    walk = walking(folder)
    repair.move(walk[4].file, walk[4].points + 3)
    with pytest.raises(UserError, match="shorter range"):
        repair.carry(walk[4].track, 0, 9)
    assert walking(folder)[5].to_json() == walk[5].to_json()
