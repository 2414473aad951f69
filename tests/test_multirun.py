"""Trainings one after the other: what is skipped, what fails, what is compared."""

from __future__ import annotations

import csv
import json

import pytest

from faceswap.cli.sweep import compose_combinations
from faceswap.config.build import to_yaml
from faceswap.multirun import run_names, train_several
from faceswap.swap.training.comparison import read_report, write_comparison
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.workspace import RUN_CONFIG


@pytest.fixture
def workspace(tmp_path):
    for name in ("craig", "brosnan"):
        (tmp_path / "faces" / name).mkdir(parents=True)
    return tmp_path


def combinations(workspace, *arguments):
    always = (f"workspace={workspace}", "pair=craig_brosnan", "iterations=10")
    return compose_combinations("train", [*always, *arguments])


class Trainer:
    """Writes what a finished training leaves; `fails` says which of them raise what."""

    def __init__(self, workspace, **fails):
        self._runs, self._fails, self.trained = workspace / "runs", fails, []

    def __call__(self, config):
        name = config.run
        self.trained.append(name)
        for part, error in self._fails.items():
            if part in name:
                raise error
        run = self._runs / name
        (run / "checkpoints" / "00000010").mkdir(parents=True)
        (run / RUN_CONFIG).write_text(to_yaml(config))
        (run / "report.json").write_text(json.dumps({
            "iteration": config.iterations, "seconds": 5.0, "losses": {"loss": config.loss.l1},
            "validation": {"validation/swap/nearer_a": 0.25}, "best": {"iteration": 5},
        }))  # fmt: skip
        return run


NAMES = ["craig_brosnan,model=lite,loss.l1=1", "craig_brosnan,model=lite,loss.l1=2",
         "craig_brosnan,model=original,loss.l1=1", "craig_brosnan,model=original,loss.l1=2"]  # fmt: skip
SWEEP = ("model=lite,original", "loss.l1=1,2")
TABLE = "craig_brosnan_comparison_model=lite,original_loss.l1=1,2"


def test_each_has_a_run_and_all_have_a_row(workspace, capsys):
    train = Trainer(workspace)
    table = train_several(combinations(workspace, *SWEEP), train)
    assert train.trained == NAMES
    text = table.read_text()
    assert table == workspace / "out" / TABLE / "comparison.md" and text in capsys.readouterr().err
    assert "| craig_brosnan,model=original,loss.l1=2 | 10 | 5 | 2.0000 | 0.250 | 5 |" in text
    rows = list(csv.DictReader(table.with_suffix(".csv").open()))
    assert [row["run"] for row in rows] == NAMES and rows[3]["loss"] == "2.0" and rows[3]["landmark error, %"] == ""


def test_one_that_fails_is_told_of_and_the_others_go_on(workspace, caplog):
    train = Trainer(
        workspace, **{"lite,loss.l1=2": UserError("too\nlittle | memory"), "original,loss.l1=1": KeyError()}
    )
    with pytest.raises(UserError, match=r"2 of 4 trainings failed .*comparison\.md says why"):
        train_several(combinations(workspace, *SWEEP), train)
    assert train.trained == NAMES
    text = (workspace / "out" / TABLE / "comparison.md").read_text()
    assert "too little \\| memory" in text and "bug: KeyError" in text


def test_it_goes_on_when_it_was_stopped_and_skips_what_is_finished(workspace, caplog):
    stopped = Trainer(workspace, **{"original,loss.l1=1": Interrupted("stopped")})
    with pytest.raises(Interrupted):
        train_several(combinations(workspace, *SWEEP), stopped)
    assert stopped.trained == NAMES[:3]
    again = Trainer(workspace)
    train_several(combinations(workspace, *SWEEP), again)
    assert again.trained == NAMES[2:]
    longer = Trainer(workspace)
    with pytest.raises(UserError, match="4 of 4"):  # it would train all: the planted one can do so only once
        train_several(combinations(workspace, *SWEEP, "iterations=20"), longer)
    assert longer.trained == NAMES


def test_a_finished_one_of_other_settings_is_not_taken_for_it(workspace):
    train_several(combinations(workspace, "model=lite,original"), Trainer(workspace))
    again = Trainer(workspace)
    with pytest.raises(UserError, match="2 of 2"):
        train_several(combinations(workspace, "model=lite,original", "loss.dssim=2"), again)
    assert not again.trained
    text = (workspace / "out" / "craig_brosnan_comparison_model=lite,original" / "comparison.md").read_text()
    assert "loss.dssim=1.0, not 2.0" in text


def test_names_are_a_folder_each(workspace):
    found = combinations(workspace, "augment.colour=[],[{name: A/B}]", "pair.consent.who=x", "seed=1,2")
    names = run_names("p", found)
    assert len(set(names)) == len(names) == 4 and not any("/" in name or len(name) > 200 for name in names)


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", '{"losses": 3, "iteration": "x", "seconds": NaN}'])
def test_a_damaged_report_is_an_empty_row(tmp_path, text):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(text)
    table = write_comparison(tmp_path, "title", [("run", read_report(tmp_path / "run"), ""), ("none", {}, "failed")])
    assert "| run |  |" in table.read_text() and "| none | failed |" in table.read_text()


def test_another_sweep_of_the_pair_has_a_table_of_its_own(workspace):
    first = train_several(combinations(workspace, *SWEEP), Trainer(workspace))
    before = first.read_text()
    second = train_several(combinations(workspace, "loss.l1=1,2,3"), Trainer(workspace))
    assert second != first and first.read_text() == before
