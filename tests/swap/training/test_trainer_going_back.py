"""A loss that is no number, and settings that changed between two sessions."""

from __future__ import annotations

import json
import logging
import shutil

import cv2
import numpy as np
import pytest
import torch

from faceswap.engine.optimizers import AdaBelief, Adam
from faceswap.engine.state import STATE_FILE
from faceswap.engine.update import Update
from faceswap.swap.data.warp import Warp
from faceswap.swap.losses.adversarial import Discriminator
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.runs.checkpoints import MODEL_FILE, list_checkpoints
from faceswap.swap.training import trainer
from faceswap.utils.errors import UserError
from faceswap.utils.files.tensor_files import read_tensors
from tests.swap.fakes import make_face_set
from tests.swap.trained_runs import files_of, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")


def spoil(monkeypatch, at, what):
    """Lets `what` happen to a training before the steps number `at`."""
    count = []

    def step(self, batch, step=trainer.TrainStep.step):
        count.append(batch)
        if len(count) in at:
            what(self, monkeypatch)
        step(self, batch)

    monkeypatch.setattr(trainer.TrainStep, "step", step)


def break_weights(train_step, monkeypatch):
    with torch.no_grad():
        next(train_step._model.parameters()).fill_(float("nan"))


def break_batch(train_step, monkeypatch, loss=ReconstructionLoss.__call__):
    def no_number(self, *tensors):
        monkeypatch.setattr(ReconstructionLoss, "__call__", loss)
        return {name: value * float("nan") for name, value in loss(self, *tensors).items()}

    monkeypatch.setattr(ReconstructionLoss, "__call__", no_number)


def test_one_bad_batch_is_left_out(sets, tmp_path, monkeypatch, caplog):
    spoil(monkeypatch, {4}, break_batch)
    run = train(sets, tmp_path / "run", iterations=8)
    assert "iteration 4 is left out" in caplog.text and "back to" not in caplog.text
    assert [path.name for path in list_checkpoints(run)] == ["00000008", "00000006"]
    assert np.isfinite(json.loads((run / "report.json").read_text())["losses"]["loss"])


def test_broken_weights_go_back_to_the_last_good_ones(sets, tmp_path, monkeypatch, caplog):
    spoil(monkeypatch, {6}, break_weights)
    run = train(sets, tmp_path / "run", iterations=12)
    assert (
        "at iteration 6: back to the weights of iteration 4 with half the learning rate, 1 of at most 3" in caplog.text
    )
    checkpoint = list_checkpoints(run)[0]
    assert checkpoint.name == "00000012" and json.loads((checkpoint / STATE_FILE).read_text())["setbacks"] == 1
    assert all(np.isfinite(value.numpy()).all() for value in read_tensors(checkpoint / MODEL_FILE).values())
    with caplog.at_level(logging.INFO):
        train(sets, run, iterations=14)
    assert json.loads((list_checkpoints(run)[0] / STATE_FILE).read_text())["setbacks"] == 1


def test_one_bad_batch_at_the_very_end_costs_no_training(sets, tmp_path, monkeypatch, caplog):
    spoil(monkeypatch, {8}, break_batch)
    run = train(sets, tmp_path / "run", iterations=8, save_every=100)
    assert "iteration 8 is left out" in caplog.text
    assert [path.name for path in list_checkpoints(run)] == ["00000008"]
    assert json.loads((run / "report.json").read_text())["losses"]["loss"] > 0


def test_weights_that_the_very_last_step_broke_are_not_saved(sets, tmp_path, monkeypatch):
    spoil(monkeypatch, {8}, break_weights)
    with pytest.raises(UserError, match="no number any more at iteration 8"):
        train(sets, tmp_path / "run", iterations=8)
    assert [path.name for path in list_checkpoints(tmp_path / "run")] == ["00000006", "00000004"]


def test_where_not_every_loss_is_asked_for_it_is_seen_when_one_looks(sets, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("faceswap.engine.update.math.isfinite", lambda value: True)  # as on a GPU
    spoil(monkeypatch, {5}, break_weights)
    run = train(sets, tmp_path / "run", iterations=12)
    assert "at iteration 6: back to the weights of iteration 4" in caplog.text and "left out" not in caplog.text
    assert all(np.isfinite(v.numpy()).all() for v in read_tensors(list_checkpoints(run)[0] / MODEL_FILE).values())


def test_weights_that_a_step_broke_are_not_saved(sets, tmp_path, monkeypatch, caplog):
    count = []

    def step(self, batch, step=trainer.TrainStep.step):
        step(self, batch)
        count.append(batch)
        if len(count) == 4:  # its own loss was a number; a checkpoint is due
            break_weights(self, monkeypatch)

    monkeypatch.setattr(trainer.TrainStep, "step", step)
    run = train(sets, tmp_path / "run", iterations=12)
    assert "back to the weights of iteration 2 with half" in caplog.text
    assert list_checkpoints(run)[0].name == "00000012"
    assert all(np.isfinite(v.numpy()).all() for v in read_tensors(list_checkpoints(run)[0] / MODEL_FILE).values())


def test_it_gives_up(sets, tmp_path, monkeypatch, caplog):
    spoil(monkeypatch, {4, 7, 10}, break_weights)
    with pytest.raises(UserError, match=r"no number any more at iteration 10; lower optimizer\.learning_rate"):
        train(sets, tmp_path / "run", iterations=50, update=Update(retries=2), save_every=3)
    assert "2 of at most 2 times" in caplog.text
    for checkpoint in list_checkpoints(tmp_path / "run"):
        assert all(np.isfinite(value.numpy()).all() for value in read_tensors(checkpoint / MODEL_FILE).values())


LOSS = "{_target_: faceswap.swap.losses.reconstruction.ReconstructionLoss, l1: 1.0, dssim: %s}"
CONFIG = f"batch_size: 4\nloss: {LOSS}\niterations: %d\n"


def test_a_changed_setting_is_said_and_asked_for(sets, tmp_path):
    run = train(sets, tmp_path / "run", iterations=2, config_text=CONFIG % (1.0, 2))
    before = files_of(run)
    with pytest.raises(UserError, match=r"trained with loss\.dssim=1\.0, not 2\.0: .*allow_changes=true.*restart=true"):
        train(sets, run, iterations=4, config_text=CONFIG % (2.0, 4))
    assert all((a[name] == b[name]).all() for a, b in zip(before, files_of(run), strict=True) for name in a)
    train(sets, run, iterations=4, config_text=CONFIG % (2.0, 4), allow_changes=True)
    train(sets, run, iterations=5, config_text=CONFIG % (2.0, 5) + "new: 1\n")
    train(sets, run, iterations=1, config_text=CONFIG % (3.0, 1), restart=True)


@pytest.mark.parametrize("text", ["[", "just words", ""])
def test_a_damaged_config_stops_nobody(sets, tmp_path, text):
    run = train(sets, tmp_path / "run", iterations=2, config_text=CONFIG % (1.0, 2))
    (run / "config.yaml").write_text(text)
    train(sets, run, iterations=3, config_text=CONFIG % (2.0, 3), optimizer=Adam())


@pytest.mark.usefixtures("forked_workers")
def test_one_face_and_all_the_same_faces_train_with_every_switch(tmp_path):
    one, same = make_face_set(tmp_path / "one", 1), make_face_set(tmp_path / "same", 30, seed=2)
    for image in sorted(same.glob("*.png"))[1:]:
        shutil.copy(same / "000000_00.png", image)
    run = train(
        (one, same),
        tmp_path / "run",
        iterations=4,
        loss=ReconstructionLoss(eyes=3, mouth=2, dssim_second_px=7),
        discriminator=Discriminator(gan_weight=0.1, channels=4),
        optimizer=AdaBelief(),
        update=Update("one_cycle", grad_clip_norm=1, lr_dropout=0.5, ema_decay=0.9),
        warp=Warp(jitter_steps=2),
        transfer="mkl",
        precision="bf16",
        workers=1,
    )
    report = json.loads((run / "report.json").read_text())
    assert report["training_faces"] == {"a": 1, "b": 30} and np.isfinite(list(report["losses"].values())).all()


def test_a_black_and_a_white_face_train_in_each_other_s_colours(tmp_path):
    sets = make_face_set(tmp_path / "black", 4), make_face_set(tmp_path / "white", 4)
    for folder, value in zip(sets, (0, 255), strict=True):
        for image in folder.glob("*.png"):
            cv2.imwrite(str(image), np.full((64, 64, 3), value, np.uint8))
    for how in ("reinhard", "mkl"):
        run = train(sets, tmp_path / how, iterations=2, transfer=how)
        assert np.isfinite(list(json.loads((run / "report.json").read_text())["losses"].values())).all()
