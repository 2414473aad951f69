"""Several trainings by one command."""

from __future__ import annotations

from tests.commands.conftest import SMALL, one_line_error, run


def test_trainings_are_compared_and_the_best_can_be_converted(example, tmp_path):
    (tmp_path / "faces").symlink_to(example.folder / "workspace" / "faces")
    settings = ("pair=craig_brosnan", f"workspace={tmp_path}", "iterations=2", *SMALL, "loss.l1=1,2")
    ran = run("train", "--multirun", *settings, cwd=tmp_path)
    assert ran.path.name == "comparison.md" and ran.path.read_text() in ran.stderr
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {f"craig_brosnan,loss.l1={n}" for n in "12"}
    again = run("train", "-m", *settings, cwd=tmp_path)
    assert again.stderr.count("finished before, at iteration 2") == 2
    assert "--multirun" in one_line_error(run("train", *settings, cwd=tmp_path, code=2))
    convert = ("convert", "pair=craig_brosnan,loss.l1=2", f"workspace={tmp_path}", "device=cpu", "checkpoint=best")
    assert "no swap of craig_brosnan,loss.l1=2 was judged yet" in one_line_error(run(*convert, cwd=tmp_path, code=2))
