"""Optimizers, schedules, clipping, dropout of the rate, average of the weights."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from faceswap.engine.adabelief import AdaBeliefOptimizer
from faceswap.engine.optimizers import AdaBelief, Adam, AdamW
from faceswap.engine.progress import TrainingProgress
from faceswap.engine.state import TrainingState
from faceswap.engine.update import LAST_RATE, Update, Updater
from faceswap.swap.inference.swapper import TrainedSwapper
from faceswap.swap.runs.checkpoints import MODEL_FILE, OPTIMIZER_FILE, list_checkpoints
from faceswap.utils.files.tensor_files import read_tensors
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import assert_same_run, train

pytestmark = pytest.mark.usefixtures("tiny_is_known")
EVERYTHING = Update(schedule="one_cycle", grad_clip_norm=0.5, lr_dropout=0.7, ema_decay=0.9)


def test_adabelief_is_the_paper_s():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(5, 7))
    weight = torch.nn.Parameter(torch.zeros(7, dtype=torch.float64))
    ours = AdaBeliefOptimizer([weight], 0.1, (0.9, 0.99), 1e-8)
    w, m, s = np.zeros(7), np.zeros(7), np.zeros(7)
    for t, g in enumerate(gradients, 1):
        weight.grad = torch.from_numpy(g)
        ours.step()
        m = 0.9 * m + 0.1 * g
        s = 0.99 * s + 0.01 * (g - m) ** 2 + 1e-8
        w = w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.99**t)) + 1e-8)
    np.testing.assert_allclose(weight.detach().numpy(), w, rtol=1e-10)


def test_adamw_shrinks_weights_that_nothing_moves():
    model = Tiny()
    before = model.encoder[0][0].weight.detach().clone()
    steps = AdamW(learning_rate=0.1, weight_decay=0.5).build(model)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    steps.step()
    torch.testing.assert_close(model.encoder[0][0].weight.detach(), before * 0.95)


@pytest.mark.parametrize("optimizer", [AdamW(), AdaBelief()])
def test_each_optimizer_resumes_exactly(sets, tmp_path, optimizer):
    whole = train(sets, tmp_path / "whole", optimizer=optimizer)
    train(sets, tmp_path / "cut", iterations=4, optimizer=optimizer)
    assert_same_run(whole, train(sets, tmp_path / "cut", optimizer=optimizer))


def test_another_optimizer_begins_anew(sets, tmp_path, caplog):
    run = train(sets, tmp_path / "run", iterations=2)
    with caplog.at_level("INFO"):
        train(sets, run, iterations=4, optimizer=AdaBelief())
    assert "AdaBeliefOptimizer begins anew: the checkpoint was written by Adam" in caplog.text


def test_all_switches_together_resume_exactly(sets, tmp_path):
    whole = train(sets, tmp_path / "whole", update=EVERYTHING)
    train(sets, tmp_path / "cut", update=EVERYTHING, save_every=4)
    shutil.rmtree(list_checkpoints(tmp_path / "cut")[0])  # killed before iteration 6 was saved
    assert_same_run(whole, train(sets, tmp_path / "cut", update=EVERYTHING))


def test_schedules():
    assert [Update().rate(p) for p in (0, 0.5, 1)] == [1, 1, 1]
    cosine = [Update(schedule="cosine").rate(p) for p in np.linspace(0, 1, 9)]
    assert cosine[0] == 1 and cosine[-1] == pytest.approx(LAST_RATE) and sorted(cosine, reverse=True) == cosine
    cycle = [Update(schedule="one_cycle").rate(p) for p in (0, 0.15, 0.3, 0.6, 1)]
    assert cycle[0] == pytest.approx(1 / 25) and cycle[2] == pytest.approx(1) and cycle[4] == pytest.approx(LAST_RATE)
    assert cycle[0] < cycle[1] < cycle[2] > cycle[3] > cycle[4]


def stepped(update: Update, iterations: int = 1, **state) -> tuple[Tiny, Tiny, Updater, list[torch.Tensor]]:
    torch.manual_seed(0)
    model = Tiny()
    updater = Updater(model, torch.optim.SGD(model.parameters(), 1.0), update)
    before = [weight.detach().clone() for weight in model.parameters()]
    for iteration in range(iterations):
        progress = TrainingProgress(TrainingState(iteration, 0.0, 3, **state), 10, None)
        assert updater.step(sum(weight.sum() for weight in model.parameters()), progress) is not None
    return model, updater.shown, updater, before


def test_clipping_shortens_the_whole_gradient():
    model, *_, before = stepped(Update(grad_clip_norm=0.5))
    moved = torch.cat([(a - b).flatten() for a, b in zip(model.parameters(), before, strict=True)])
    torch.testing.assert_close(moved.norm(), torch.tensor(0.5), rtol=1e-4, atol=1e-4)


def test_dropout_leaves_its_share_as_it_was():
    model, *_, before = stepped(Update(lr_dropout=0.7))
    stayed = torch.cat([(a == b).flatten() for a, b in zip(model.parameters(), before, strict=True)])
    assert abs(float(stayed.float().mean()) - 0.7) < 0.02


def test_a_setback_halves_the_rate():
    *_, updater, _ = stepped(Update(), setbacks=2)
    assert updater.rate == 0.25


def test_the_average_lags_behind_and_is_what_conversion_takes(sets, tmp_path):
    model, shown, _, before = stepped(Update(ema_decay=0.9), iterations=4)
    for now, average, first in zip(model.parameters(), shown.parameters(), before, strict=True):
        assert (now < average).all() and (average < first).all()
    run = train(sets, tmp_path / "run", update=Update(ema_decay=0.9))
    used = TrainedSwapper.load(run, device="cpu").model.state_dict()
    checkpoint = list_checkpoints(run)[0]
    kept, beside = read_tensors(checkpoint / MODEL_FILE), read_tensors(checkpoint / OPTIMIZER_FILE)
    assert all((used[name] == kept[name]).all() for name in kept)
    assert any((beside[f"trained/{name}"] != kept[name]).any() for name in kept)


def test_a_run_keeps_an_average_unless_told_otherwise(sets, tmp_path):
    kept = {name: read_tensors(list_checkpoints(train(sets, tmp_path / name, update=update))[0] / OPTIMIZER_FILE)
            for name, update in (("by itself", Update()), ("without", Update(ema_decay=0)))}  # fmt: skip
    assert [any(name.startswith("trained/") for name in kept[run]) for run in kept] == [True, False]


@pytest.mark.parametrize("before", [Update(ema_decay=0), Update(ema_decay=0.9)])
def test_the_average_can_be_taken_up_and_given_up(sets, tmp_path, before):
    run = train(sets, tmp_path / "run", iterations=2, update=before)
    train(sets, run, iterations=4, update=Update(ema_decay=0 if before.ema_decay else 0.9))
    beside = read_tensors(list_checkpoints(run)[0] / OPTIMIZER_FILE)
    assert any(name.startswith("trained/") for name in beside) == (not before.ema_decay)


@pytest.mark.parametrize(
    "change", [{"schedule": "steep"}, {"grad_clip_norm": -1}, {"lr_dropout": 1}, {"ema_decay": 1}, {"retries": -1}]
)
def test_impossible_updates_are_refused(change):
    with pytest.raises(ValueError, match=f"update.{next(iter(change))}"):
        Update(**change)
    with pytest.raises(ValueError, match="weight_decay"):
        AdamW(weight_decay=-1)
    assert isinstance(AdaBelief(), Adam)
