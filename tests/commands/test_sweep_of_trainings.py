"""Trainings one after the other: what is skipped, what fails, what is compared."""

from __future__ import annotations

import csv
import json

import pytest

from faceswap.cli.composing.compose import read_arguments
from faceswap.cli.runner import run_command
from faceswap.cli.sweep import compose_combinations
from faceswap.commands.multirun import TrainingSweep
from faceswap.config.build import to_yaml
from faceswap.swap.runs.comparison import read_report, write_comparison
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.workspace import RUN_CONFIG


@pytest.fixture
def workspace(tmp_path):
    for name in ("craig", "brosnan"):
        (tmp_path / "faces" / name).mkdir(parents=True)
    return tmp_path


def combinations(workspace, *arguments):
    always = (f"workspace={workspace}", "pair=craig_brosnan", "iterations=10")
    return compose_combinations("train", read_arguments("train", [*always, *arguments], None, sweeps=True))


def sweep(workspace, train, *arguments):
    """`train --multirun`, through Hydra, with another training; returns the exit code and the table."""
    always = (f"workspace={workspace}", "pair=craig_brosnan", "iterations=10")
    code = run_command("train", train, ["--multirun", *always, *arguments], sweep=TrainingSweep)
    return code, max(workspace.glob("out/*/comparison.md"), key=lambda table: table.stat().st_mtime_ns)


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
    code, table = sweep(workspace, train, *SWEEP)
    assert code == 0
    assert train.trained == NAMES
    text, shown = table.read_text(), capsys.readouterr()
    assert table == workspace / "out" / TABLE / "comparison.md" and text in shown.err and shown.out == f"{table}\n"
    assert "| craig_brosnan,model=original,loss.l1=2 | 10 | 5 | 2.0000 | 0.250 | 5 |" in text
    rows = list(csv.DictReader(table.with_suffix(".csv").open()))
    assert [row["run"] for row in rows] == NAMES and rows[3]["loss"] == "2.0" and rows[3]["landmark error, %"] == ""


def test_one_that_fails_is_told_of_and_the_others_go_on(workspace, capsys):
    train = Trainer(
        workspace, **{"lite,loss.l1=2": UserError("too\nlittle | memory"), "original,loss.l1=1": KeyError()}
    )
    code, _ = sweep(workspace, train, *SWEEP)
    last = capsys.readouterr().err.splitlines()[-1]
    assert code == 2 and last.startswith("error: 2 of 4 trainings failed") and last.endswith("comparison.md says why")
    assert train.trained == NAMES
    text = (workspace / "out" / TABLE / "comparison.md").read_text()
    assert "too little \\| memory" in text and "bug: KeyError" in text


def test_it_goes_on_when_it_was_stopped_and_skips_what_is_finished(workspace, caplog):
    values, names = "loss.l1=1,2,3", [f"craig_brosnan,loss.l1={n}" for n in (1, 2, 3)]
    stopped = Trainer(workspace, **{"l1=2": Interrupted("stopped")})
    code, table = sweep(workspace, stopped, values)
    assert code == 130 and stopped.trained == names[:2] and names[0] in table.read_text()
    again = Trainer(workspace)
    assert sweep(workspace, again, values)[0] == 0
    assert again.trained == names[1:]
    longer = Trainer(workspace)
    assert sweep(workspace, longer, values, "iterations=20")[0] == 2  # it would train all: the planted one does so once
    assert longer.trained == names


def test_a_finished_one_of_other_settings_is_not_taken_for_it(workspace):
    sweep(workspace, Trainer(workspace), "model=lite,original")
    again = Trainer(workspace)
    assert sweep(workspace, again, "model=lite,original", "loss.dssim=2")[0] == 2
    assert not again.trained
    text = (workspace / "out" / "craig_brosnan_comparison_model=lite,original" / "comparison.md").read_text()
    assert "loss.dssim=1.0, not 2.0" in text


def test_names_are_a_folder_each(workspace):
    found = combinations(workspace, "augment.colour=[],[{name: A/B}]", "pair.consent.who=x,y", "seed=1,2")
    names = TrainingSweep("train", found).runs
    assert len(set(names)) == len(names) == 4 and not any("/" in name or len(name) > 200 for name in names)


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", '{"losses": 3, "iteration": "x", "seconds": NaN}'])
def test_a_damaged_report_is_an_empty_row(tmp_path, text):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(text)
    table = write_comparison(tmp_path, "title", [("run", read_report(tmp_path / "run"), ""), ("none", {}, "failed")])
    assert "| run |  |" in table.read_text() and "| none | failed |" in table.read_text()


def test_another_sweep_of_the_pair_has_a_table_of_its_own(workspace):
    _, first = sweep(workspace, Trainer(workspace), "loss.l1=1,2")
    before = first.read_text()
    _, second = sweep(workspace, Trainer(workspace), "loss.l1=1,2,3")
    assert second != first and first.read_text() == before


def test_pairs_are_swept_as_any_setting_is(workspace, capsys):
    (workspace / "faces" / "anna").mkdir()
    train = Trainer(workspace)
    arguments = [f"workspace={workspace}", "pair=craig_brosnan,anna_craig", "iterations=10", "loss.l1=1,2"]
    assert run_command("train", train, ["-m", *arguments], sweep=TrainingSweep) == 0
    assert train.trained == [f"{pair},loss.l1={n}" for pair in ("craig_brosnan", "anna_craig") for n in (1, 2)]
    assert "pairs_comparison_pair=craig_brosnan,anna_craig_loss.l1=1,2" in capsys.readouterr().out
