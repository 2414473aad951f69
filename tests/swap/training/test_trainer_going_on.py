from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import pytest
import torch

from faceswap.engine.optimizers import Adam
from faceswap.swap.initialisation.schemes import Weights
from faceswap.swap.runs.checkpoints import find_weights, list_checkpoints
from faceswap.swap.training import batch_feed, trainer
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.tensor_files import read_tensors
from faceswap.utils.files.workspace import RUN_CONFIG
from tests.leftovers import left_by
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import assert_same_run, files_of, train

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("tiny_is_known")


def never_begins(sets, tmp_path, how):
    """Arguments of a training that must fail before its first step, and what it says."""
    if how == "init":
        return sets, {"init": Weights(path=tmp_path / "typo")}, "typo"
    if how == "colour":
        return sets, {"colour": [{"name": "NoSuchChange"}]}, "NoSuchChange"
    broken = shutil.copytree(sets[0], tmp_path / "broken")
    (broken / "000003_00.png").write_bytes(b"cut")
    return (broken, sets[1]), {}, "000003_00"


@pytest.mark.parametrize("how", ["init", "colour", "crop"])
def test_restart_keeps_the_old_run_when_the_new_one_cannot_begin(sets, tmp_path, how):
    run = train(sets, tmp_path / "run", iterations=4)
    kept = sorted(path for path in run.rglob("*") if "cache" not in path.parts)
    faces, changes, says = never_begins(sets, tmp_path, how)
    with pytest.raises(UserError, match=says):
        train(faces, run, restart=True, **changes)
    assert sorted(path for path in run.rglob("*") if "cache" not in path.parts) == kept


def test_restart_may_start_from_the_run_it_replaces(sets, tmp_path):
    run = train(sets, tmp_path / "run")
    before = read_tensors(find_weights(run))
    train(sets, run, iterations=1, restart=True, init=Weights(path=run), optimizer=Adam(learning_rate=1e-12))
    assert [path.name for path in list_checkpoints(run)] == ["00000001"]
    after = read_tensors(find_weights(run))
    assert all((before[name] - after[name]).abs().max() < 1e-6 for name in before)


def test_a_run_goes_on_with_its_own_faces_only(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2)
    before = files_of(run)
    with pytest.raises(UserError, match=r"pair\.a=a, not b and pair\.b=b, not a;.*run=.*restart=true"):
        train(sets[::-1], run)
    with pytest.raises(UserError, match=r"model\.coverage=0\.8, not 0\.4;"):
        train(sets, run, model=lambda: Tiny(coverage=0.4))
    assert all((a[name] == b[name]).all() for a, b in zip(before, files_of(run), strict=True) for name in a)
    train(sets, run, batch_size=3, save_every=7, seed=5)
    train(sets[::-1], run, iterations=1, restart=True)


def test_init_is_not_used_on_resume_but_must_be_there(sets, tmp_path, caplog):
    first = train(sets, tmp_path / "first", iterations=1, seed=3)
    plain, other = (train(sets, tmp_path / name, iterations=2) for name in ("plain", "other"))
    train(sets, plain, iterations=3)
    with caplog.at_level(logging.INFO):
        train(sets, other, iterations=3, init=Weights(path=first))
    assert_same_run(plain, other)
    assert "init= is not used" in caplog.text
    with pytest.raises(UserError, match="nowhere"):
        train(sets, other, iterations=4, init=Weights(path=tmp_path / "nowhere"))


def test_another_seed_is_told_and_the_record_tells_the_one_it_was_begun_with(sets, tmp_path, caplog):
    def trained(run, iterations, seed, init="faceswap.x.Scratch"):
        text = f"# ours\nseed: {seed}\niterations: {iterations}\ninit:\n  _target_: {init}\n"
        return train(sets, run, iterations, seed=seed, config_text=text)

    plain, other = (trained(tmp_path / name, 2, 3) for name in ("plain", "other"))
    trained(plain, 3, 3)
    assert "was begun with" not in caplog.text
    trained(other, 3, 5, "faceswap.x.Generic")
    assert_same_run(plain, other)
    assert "other was begun with seed=3, not 5; init=Scratch, not Generic, and keeps it" in caplog.text
    assert (other / RUN_CONFIG).read_text() == (plain / RUN_CONFIG).read_text()


def test_too_few_iterations_are_said(sets, tmp_path, caplog):
    run = train(sets, tmp_path / "run")
    with caplog.at_level(logging.INFO):
        train(sets, run, iterations=5)
    assert "nothing to do at iteration 6" in caplog.text


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("asked_to_stop", [False, True])
def test_dead_workers_cost_no_training(sets, tmp_path, monkeypatch, asked_to_stop):
    steps = []

    def step_then_die(self, batch, step=trainer.TrainStep.step):
        step(self, batch)
        steps.append(batch)
        if len(steps) == 3:
            for child in active_children():
                child.kill()
                child.join()

    monkeypatch.setattr(trainer.TrainStep, "step", step_then_die)
    monkeypatch.setattr(trainer.StopRequest, "__bool__", lambda self: asked_to_stop and died(steps))

    def died(steps):  # the signal is noticed only while the next batch is awaited
        return not active_children() and len(steps) >= 3 and steps[-1] is None

    next_batch = batch_feed.BatchStream.__next__

    def awaited(self):
        try:
            return next_batch(self)
        except UserError:
            steps.append(None)
            raise

    monkeypatch.setattr(batch_feed.BatchStream, "__next__", awaited)
    run = tmp_path / "run"
    with pytest.raises(Interrupted if asked_to_stop else UserError, match="same command"):
        train(sets, run, iterations=1000, workers=1, save_every=1000, preview_every=1000, log_every=1000)
    reached = len(steps) - 1
    assert reached >= 3 and [int(path.name) for path in list_checkpoints(run)] == [reached]
    assert json.loads((run / "report.json").read_text())["iteration"] == reached


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("x: can't allocate memory: y")]
)
def test_a_lack_of_memory_is_said_in_one_line(sets, tmp_path, monkeypatch, error):
    def fail(self, batch):
        raise error

    monkeypatch.setattr(trainer.TrainStep, "step", fail)
    with pytest.raises(UserError, match=r"out of .*memory at batch_size=4: say a smaller batch_size="):
        train(sets, tmp_path / "run")


def test_another_runtime_error_stays_what_it_is(sets, tmp_path, monkeypatch):
    def fail(self, batch):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(trainer.TrainStep, "step", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(sets, tmp_path / "run")


def test_leftovers_go_when_a_training_begins(sets, tmp_path):
    for name in ("checkpoints/00000009", "cache/a-key.npy"):
        (left_by(tmp_path / "run" / name) / "x").mkdir(parents=True)
    run = train(sets, tmp_path / "run", iterations=1)
    assert not list(run.glob("*/.*"))


TRAIN = """
import sys
from pathlib import Path
from faceswap.swap.models.registry import MODELS
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import train
MODELS["tiny"] = Tiny
train([Path(sys.argv[1]), Path(sys.argv[2])], Path(sys.argv[3]), iterations=10**9, preview_every=10**9)
"""


def test_a_run_is_trained_by_one_process_at_a_time(sets, tmp_path):
    run = tmp_path / "run"
    other = subprocess.Popen([sys.executable, "-c", TRAIN, *map(str, [*sets, run])], cwd=ROOT)
    try:
        while not list_checkpoints(run):
            assert other.poll() is None
            time.sleep(0.02)
        with pytest.raises(UserError, match=rf"another process \({other.pid} on .*\) is training it"):
            train(sets, run, restart=True)
        assert other.poll() is None and list_checkpoints(run)
        train(sets, tmp_path / "another", iterations=1)
    finally:
        other.kill()
        other.wait()
    reached = int(list_checkpoints(run)[0].name)
    train(sets, run, iterations=reached + 1)
    assert int(list_checkpoints(run)[0].name) == reached + 1


def test_parts_rest_at_first_then_learn_and_a_resumed_run_is_the_same(sets, tmp_path):
    train(sets, tmp_path / "first", iterations=1)
    init = Weights(path=tmp_path / "first", freeze=["encoder"], freeze_steps=4)
    given = files_of(tmp_path / "first")[0]
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    train(sets, resumed, iterations=3, init=init)
    weights, moments = files_of(resumed)
    same = {name.split(".")[0] for name in given if (weights[name] == given[name]).all()}
    assert same == {"encoder"} and not any(name.startswith("encoder.") for name in moments)
    train(sets, resumed, iterations=6, init=init)
    train(sets, whole, iterations=6, init=init)
    assert_same_run(whole, resumed)
    assert not (files_of(whole)[0]["encoder.0.0.weight"] == given["encoder.0.0.weight"]).all()
