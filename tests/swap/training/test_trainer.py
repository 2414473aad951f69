from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import threading
import time

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from faceswap.engine.optimizers import Adam
from faceswap.swap.evaluation.previews import LABEL_PX, TILE_PX
from faceswap.swap.initialisation.schemes import Weights
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.registry import MODELS
from faceswap.swap.runs.checkpoints import MODEL_FILE, find_weights, list_checkpoints
from faceswap.swap.training import trainer
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.tensor_files import read_description, read_tensors
from tests.swap.fakes import Tiny, make_face_set
from tests.swap.trained_runs import assert_same_run, files_of, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_killed_and_resumed_run_is_the_uninterrupted_one(sets, tmp_path, workers, precision):
    whole = train(sets, tmp_path / "whole", precision=precision)
    train(sets, tmp_path / "cut", iterations=4, precision=precision, workers=workers)
    shutil.rmtree(list_checkpoints(tmp_path / "cut")[0])  # killed before iteration 4 was saved
    cut = train(sets, tmp_path / "cut", precision=precision, workers=workers)
    assert_same_run(whole, cut)


def test_a_signal_saves_says_so_and_the_run_goes_on(sets, tmp_path, monkeypatch):
    def slow_step(self, batch, step=trainer.TrainStep.step):
        time.sleep(0.02)
        step(self, batch)

    monkeypatch.setattr(trainer.TrainStep, "step", slow_step)
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
    for folder in (run / "previews", run / "previews" / "held_out"):
        assert sorted(path.name for path in folder.glob("*.jpg")) == ["00000003.jpg", "00000006.jpg"]
    assert report["seconds_to_go"] == 0 and report["best"] == {}
    assert len(list((run / "cache").iterdir())) == 2


def test_tensorboard_shows_it_all_from_one_writer(sets, tmp_path):
    run = train(sets, tmp_path / "run", config_text="batch_size: 4")
    assert len(list(run.glob("events.out.*"))) == 1
    events = EventAccumulator(str(run))
    events.Reload()
    tags = events.Tags()
    wanted = {"loss/a/l1", "loss/b/mask", "loss", "validation/b/psnr_db", "pace/learning_rate"}
    assert wanted <= set(tags["scalars"])
    assert [event.step for event in events.Scalars("loss")] == [2, 4, 6]
    assert sorted(tag.split("/")[0] for tag in tags["scalars"])[0] == "loss", "TensorBoard shows these first"
    assert tags["images"] == ["preview", "preview_held_out"]
    assert tags["tensors"] == ["config/text_summary", "time/text_summary"]
    shown, held_out = events.Images("preview")[0], events.Images("preview_held_out")[0]
    assert ((shown.height - LABEL_PX) / TILE_PX, shown.width / TILE_PX) == (6, 5)
    assert ((held_out.height - LABEL_PX) / TILE_PX, held_out.width / TILE_PX) == (1, 4)


def test_a_model_says_how_far_heads_were_turned_in_its_training(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2)
    told = read_description(find_weights(run))["yaw_degrees"]
    assert told.keys() == {"a", "b"} and all(0 <= yaw < 90 for yaw in told.values())


def test_losses_fall(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=150, log_every=10, save_every=1000, preview_every=1000)
    events = EventAccumulator(str(run))
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
    second = train(
        sets, tmp_path / "second", iterations=1, init=Weights(path=first), optimizer=Adam(learning_rate=1e-12)
    )
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
    "change", [{"iterations": 0}, {"batch_size": -1}, {"minutes": 0}, {"validation_share": 1}, {"keep_checkpoints": 0}]
)
def test_impossible_numbers_are_refused(sets, tmp_path, change):
    with pytest.raises(UserError, match=next(iter(change))):
        train(sets, tmp_path / "run", **change)


def test_a_loss_that_is_no_number_stops_before_it_is_saved(sets, tmp_path):
    calls = itertools.count()

    class Diverging(ReconstructionLoss):
        def __call__(self, *args):
            return {name: part / (next(calls) < 12) for name, part in super().__call__(*args).items()}

    with pytest.raises(UserError, match="learning_rate"):
        train(sets, tmp_path / "run", loss=Diverging(), iterations=50, precision="fp32")
    assert all(np.isfinite(v.numpy()).all() for run in list_checkpoints(tmp_path / "run") for v in
               read_tensors(run / MODEL_FILE).values())  # fmt: skip


def test_losses_are_a_plugin(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2, loss=ReconstructionLoss(l1=1, mse=0, dssim=0, mask=0))
    losses = json.loads((run / "report.json").read_text())["losses"]
    assert set(losses) == {"loss/a/l1", "loss/b/l1", "loss/a", "loss/b", "loss"}
