from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import threading
import time
from multiprocessing import active_children

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from faceswap.faces.errors import Interrupted, UserError
from faceswap.swap import trainer
from faceswap.swap.checkpoints import MODEL_FILE, OPTIMISER_FILE, find_weights, list_checkpoints
from faceswap.swap.losses import ReconstructionLoss
from faceswap.swap.models import MODELS
from faceswap.swap.optimisers import Adam
from faceswap.swap.trainer import train_pair
from faceswap.swap.weights import read_tensors
from tests.swap.fakes import Tiny, make_face_set


@pytest.fixture(autouse=True)
def tiny_is_known(monkeypatch):
    monkeypatch.setitem(MODELS, "tiny", Tiny)


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    return make_face_set(root / "a", 40, seed=1), make_face_set(root / "b", 24, size_px=48, seed=2)


def train(sets, run, iterations=6, **changes):
    settings = {"model": Tiny, "batch_size": 4, "save_every": 2, "preview_every": 3, "log_every": 2, "device": "cpu"}
    return train_pair(*sets, run, iterations=iterations, **{**settings, **changes})


def files_of(run) -> list[dict]:
    return [read_tensors(list_checkpoints(run)[0] / name) for name in (MODEL_FILE, OPTIMISER_FILE)]


def assert_same_run(one, two):
    assert list_checkpoints(one)[0].name == list_checkpoints(two)[0].name
    for mine, other in zip(files_of(one), files_of(two), strict=True):
        assert mine.keys() == other.keys()
        assert all((mine[name] == other[name]).all() for name in mine)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_killed_and_resumed_run_is_the_uninterrupted_one(sets, tmp_path, workers, precision):
    whole = train(sets, tmp_path / "whole", precision=precision)
    train(sets, tmp_path / "cut", iterations=4, precision=precision, workers=workers)
    shutil.rmtree(list_checkpoints(tmp_path / "cut")[0])  # killed before iteration 4 was saved
    cut = train(sets, tmp_path / "cut", precision=precision, workers=workers)
    assert_same_run(whole, cut)


def test_a_signal_saves_says_so_and_the_run_goes_on(sets, tmp_path, monkeypatch):
    def slow_step(self, batch, step=trainer.Session.step):
        time.sleep(0.02)
        step(self, batch)

    monkeypatch.setattr(trainer.Session, "step", slow_step)
    run = tmp_path / "stopped"
    threading.Thread(target=lambda: _signal_when_running(run)).start()
    with pytest.raises(Interrupted, match="same command"):
        train(sets, run, iterations=100_000, save_every=5, preview_every=100_000)
    reached = int(list_checkpoints(run)[0].name)
    assert 5 <= reached < 100_000
    assert json.loads((run / "report.json").read_text())["iteration"] == reached
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    monkeypatch.undo()
    monkeypatch.setitem(MODELS, "tiny", Tiny)
    further = train(sets, run, iterations=reached + 3)
    whole = train(sets, tmp_path / "whole", iterations=reached + 3)
    assert_same_run(whole, further)


def _signal_when_running(run):
    while not list_checkpoints(run):
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)


def test_what_a_run_leaves(sets, tmp_path):
    run = train(sets, tmp_path / "run", config_text="batch_size: 4\n")
    report = json.loads((run / "report.json").read_text())
    assert report["model"] == "tiny" and report["iteration"] == 6
    assert report["training_faces"] == {"a": 38, "b": 23} and report["validation_faces"] == {"a": 2, "b": 1}
    assert report["images_per_second"] > 0 and report["machine"]["device"] == "cpu"
    assert {"loss/a/dssim", "loss/b", "loss"} <= set(report["losses"])
    assert {"validation/a/psnr_db", "validation"} <= set(report["validation"])
    assert sorted(path.name for path in (run / "previews").iterdir()) == ["00000003.jpg", "00000006.jpg"]
    assert len(list((run / "cache").iterdir())) == 2


def test_tensorboard_shows_it_all_from_one_writer(sets, tmp_path):
    run = train(sets, tmp_path / "run", config_text="batch_size: 4")
    assert len(list((run / "tensorboard").iterdir())) == 1
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    wanted = {"loss/a/l1", "loss/b/mask", "loss", "validation/b/psnr_db", "learning_rate", "images_per_second"}
    assert wanted <= set(tags["scalars"])
    assert [event.step for event in events.Scalars("loss")] == [2, 4, 6]
    assert tags["images"] == ["preview"] and tags["tensors"] == ["config/text_summary"]
    rows, columns = events.Images("preview")[0].height // 16, events.Images("preview")[0].width // 16
    assert (rows, columns) == (6, 5)


def test_losses_fall(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=150, log_every=10, save_every=1000, preview_every=1000)
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    losses = [event.value for event in events.Scalars("loss")]
    assert losses[-1] < 0.6 * losses[0]


def test_a_finished_run_has_nothing_to_do_and_restart_forgets_it(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=4)
    before = files_of(run)
    assert train(sets, run, iterations=4) == run
    assert all((a[name] == b[name]).all() for a, b in zip(before, files_of(run), strict=True) for name in a)
    train(sets, run, iterations=2, restart=True)
    assert [path.name for path in list_checkpoints(run)] == ["00000002"]


def test_minutes_end_a_run(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=10**9, minutes=0.01, save_every=10**9)
    assert 0 < int(list_checkpoints(run)[0].name) < 10**6


def test_start_from_another_run(sets, tmp_path):
    first = train(sets, tmp_path / "first")
    second = train(sets, tmp_path / "second", iterations=1, init=first, optimiser=Adam(learning_rate=1e-12))
    one, two = (read_tensors(find_weights(run)) for run in (first, second))
    assert all((one[name] - two[name]).abs().max() < 1e-6 for name in one)


def test_tiny_sets_and_sizes_that_differ(tmp_path):
    sets = make_face_set(tmp_path / "a", 1, size_px=40), make_face_set(tmp_path / "b", 3, size_px=90, seed=4)
    run = train(sets, tmp_path / "run", iterations=3, batch_size=8)
    report = json.loads((run / "report.json").read_text())
    assert report["validation"] == {} and report["training_faces"] == {"a": 1, "b": 3}


def test_an_empty_set_is_said_in_one_line(sets, tmp_path):
    empty = make_face_set(tmp_path / "empty", 2)
    for image in empty.glob("*.png"):
        image.unlink()
    with pytest.raises(UserError, match="holds no faces"):
        train((sets[0], empty), tmp_path / "run")
    with pytest.raises(UserError, match="no face set in"):
        train((sets[0], tmp_path / "nowhere"), tmp_path / "run")


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "tpu", "cpu:0", "cuda:x"])
def test_a_device_that_is_not_there(sets, tmp_path, monkeypatch, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match=f"device={device}"):
        train(sets, tmp_path / "run", device=device)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "change", [{"iterations": 0}, {"batch_size": -1}, {"minutes": 0}, {"validation_share": 1}, {"keep": 0}]
)
def test_impossible_numbers_are_refused(sets, tmp_path, change):
    with pytest.raises(UserError, match=next(iter(change))):
        train(sets, tmp_path / "run", **change)


def test_a_loss_that_is_no_number_stops_before_it_is_saved(sets, tmp_path):
    with pytest.raises(UserError, match="learning_rate"):
        train(sets, tmp_path / "run", optimiser=Adam(learning_rate=1e30), iterations=50, precision="fp32")
    assert all(np.isfinite(v.numpy()).all() for run in list_checkpoints(tmp_path / "run") for v in
               read_tensors(run / MODEL_FILE).values())  # fmt: skip


def test_losses_are_a_plugin(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2, loss=ReconstructionLoss(l1=1, mse=0, dssim=0, mask=0))
    losses = json.loads((run / "report.json").read_text())["losses"]
    assert set(losses) == {"loss/a/l1", "loss/b/l1", "loss/a", "loss/b", "loss"}


def never_begins(sets, tmp_path, how):
    """Arguments of a training that must fail before its first step, and what it says."""
    if how == "init":
        return sets, {"init": tmp_path / "typo"}, "typo"
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
    train(sets, run, iterations=1, restart=True, init=run, optimiser=Adam(learning_rate=1e-12))
    assert [path.name for path in list_checkpoints(run)] == ["00000001"]
    after = read_tensors(find_weights(run))
    assert all((before[name] - after[name]).abs().max() < 1e-6 for name in before)


def test_a_run_goes_on_with_its_own_faces_only(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2)
    before = files_of(run)
    with pytest.raises(UserError, match=r"pair\.a=a, not b and pair\.b=b, not a;.*pair\.name=.*restart=true"):
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
        train(sets, other, iterations=3, init=first)
    assert_same_run(plain, other)
    assert "init= is not used" in caplog.text
    with pytest.raises(UserError, match="nowhere"):
        train(sets, other, iterations=4, init=tmp_path / "nowhere")


def test_too_few_iterations_are_said(sets, tmp_path, caplog):
    run = train(sets, tmp_path / "run")
    with caplog.at_level(logging.INFO):
        train(sets, run, iterations=5)
    assert "nothing to do at iteration 6" in caplog.text


@pytest.mark.parametrize("asked_to_stop", [False, True])
def test_dead_workers_cost_no_training(sets, tmp_path, monkeypatch, asked_to_stop):
    steps = []

    def step_then_die(self, batch, step=trainer.Session.step):
        step(self, batch)
        steps.append(batch)
        if len(steps) == 3:
            for child in active_children():
                child.kill()
                child.join()

    monkeypatch.setattr(trainer.Session, "step", step_then_die)
    monkeypatch.setattr(trainer.StopRequest, "__bool__", lambda self: asked_to_stop and died(steps))

    def died(steps):  # the signal is noticed only while the next batch is awaited
        return not active_children() and len(steps) >= 3 and steps[-1] is None

    next_batch = trainer.BatchStream.__next__

    def awaited(self):
        try:
            return next_batch(self)
        except UserError:
            steps.append(None)
            raise

    monkeypatch.setattr(trainer.BatchStream, "__next__", awaited)
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

    monkeypatch.setattr(trainer.Session, "step", fail)
    with pytest.raises(UserError, match=r"out of .*memory at batch_size=4: say a smaller batch_size="):
        train(sets, tmp_path / "run")


def test_another_runtime_error_stays_what_it_is(sets, tmp_path, monkeypatch):
    def fail(self, batch):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(trainer.Session, "step", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(sets, tmp_path / "run")


def test_leftovers_go_when_a_training_begins(sets, tmp_path):
    for name in ("checkpoints/.00000009.99999999.part/x", "cache/.a-key.99999999.part.npy/x"):
        (tmp_path / "run" / name).mkdir(parents=True)
    run = train(sets, tmp_path / "run", iterations=1)
    assert not list(run.glob("*/.*"))
