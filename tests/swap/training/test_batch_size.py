"""batch_size=auto on planted memories, and the outlook of a run."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest
import torch

from faceswap.engine import progress as progress_module
from faceswap.engine.accelerator import Accelerator, choose_accelerator
from faceswap.engine.progress import TrainingProgress
from faceswap.engine.state import TrainingState
from faceswap.swap.training import batch_size
from faceswap.swap.training.batch_size import available_bytes, check_batch_size, choose_batch_size, kept_bytes
from faceswap.utils.errors import UserError
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import train

MIB = 2**20
CPU = choose_accelerator("cpu")


@pytest.fixture(autouse=True)
def told(caplog):
    caplog.set_level(logging.INFO)
    return caplog


def keeping(bytes_a_face):
    """An attempt that keeps so much for each face on the way forward."""

    def attempt(count):
        kept = torch.ones(count * bytes_a_face // 4, requires_grad=True)
        (kept * kept).sum().backward()

    return attempt


@pytest.mark.parametrize(
    ("available", "wanted", "reason"),
    [(4096 * MIB, 16, "more do not make a CPU faster"), (40 * MIB, 8, "16 would take 0.0 GiB"), (MIB, 2, "would take")],
)
def test_a_cpu_takes_what_half_of_its_memory_holds(monkeypatch, told, available, wanted, reason):
    monkeypatch.setattr(batch_size, "available_bytes", lambda: available)
    assert choose_batch_size(0, Tiny(), CPU, keeping(MIB)) == wanted
    assert f"batch_size={wanted}: " in told.text and reason in told.text


def test_a_slow_cpu_takes_smaller_steps(monkeypatch, told):
    monkeypatch.setattr(batch_size, "_seconds_of", lambda attempt, size: 0.5 * size)
    assert choose_batch_size(0, Tiny(), CPU, keeping(64)) == 4
    assert "a step of 8 would last 4.0 s" in told.text


def test_a_run_keeps_what_it_chose(told):
    def never(count):
        raise AssertionError

    assert choose_batch_size(12, Tiny(), CPU, never) == 12 and "as this run chose before" in told.text


@pytest.fixture
def gpu(monkeypatch):
    """Free memory of a planted GPU, the most an attempt took, and an accelerator with it."""
    memory = SimpleNamespace(free=1000 * MIB, taken=0)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (memory.free, memory.free))
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr("torch.cuda.memory_allocated", lambda device: 0)
    monkeypatch.setattr("torch.cuda.max_memory_allocated", lambda device: memory.taken)
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: None)
    memory.accelerator = Accelerator(torch.device("cuda"), bf16=True, channels_last=True, compile=False)
    return memory


@pytest.mark.parametrize(("mib_a_face", "wanted"), [(1, 256), (10, 64), (100, 4), (600, 2)])
def test_a_gpu_is_filled_by_trial(gpu, told, mib_a_face, wanted):
    def attempt(count):
        gpu.taken = count * mib_a_face * MIB
        if gpu.taken > gpu.free:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert choose_batch_size(0, Tiny(), gpu.accelerator, attempt) == wanted
    assert "free GPU memory" in told.text or "not even" in told.text


@pytest.mark.parametrize("asked", [0, -1, True, 2.5, "many", None])
def test_what_is_no_batch_size(asked):
    with pytest.raises(UserError, match="batch_size="):
        check_batch_size(asked)


def test_available_memory_is_a_number_below_all_there_is():
    assert 2**20 < available_bytes() < 2**50


def test_what_is_kept_is_counted_once():
    values = torch.ones(1000, requires_grad=True)
    with kept_bytes() as kept:
        (values * values + values * values).sum()
    assert sum(kept.values()) == 4000


@pytest.mark.usefixtures("tiny_is_known")
def test_a_run_goes_on_with_the_batch_it_chose_and_the_choice_changes_nothing(sets, tmp_path, monkeypatch):
    monkeypatch.setattr("faceswap.swap.training.batch_feed.choose_batch_size", lambda before, *_: before or 3)
    train(sets, tmp_path / "run", batch_size="auto", iterations=2)
    monkeypatch.setattr("faceswap.swap.training.batch_feed.choose_batch_size", choose_batch_size)
    run = train(sets, tmp_path / "run", batch_size="auto", iterations=4)
    assert json.loads((run / "checkpoints" / "00000004" / "state.json").read_text())["batch_size"] == 3
    assert json.loads((run / "report.json").read_text())["batch_size"] == 3


def test_a_clock_tells_when_the_run_will_be_done(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now.seconds)
    ticking = TrainingProgress(TrainingState(50, 30.0, 0), iterations=1050, minutes=None)
    assert ticking.left_seconds() is None and str(ticking) == ""
    now.seconds += 60  # the first step compiles: it says nothing of the others
    ticking.advance(asked_to_stop=False)
    assert ticking.left_seconds() is None
    for _ in range(9):
        now.seconds += 8
        ticking.advance(asked_to_stop=False)
    assert ticking.left_seconds() == pytest.approx(990 * 8)
    assert str(ticking) == "2 h 12 min to go"
    assert ticking.outlook().startswith("iteration 60 of 1050, 8 s each; 2 h 12 min to go, done about ")

    timed = TrainingProgress(TrainingState(0, 60.0, 0), iterations=10**6, minutes=3)
    assert timed.left_seconds() == pytest.approx(120) and str(timed) == "1.0 of 3 minutes, 2 min to go"
