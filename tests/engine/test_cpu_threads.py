"""A training takes the cores that other programs leave it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from faceswap.engine import cpu_threads
from faceswap.engine.accelerator import Accelerator
from faceswap.engine.cpu_threads import CpuThreads, OtherPrograms, threads_beside

TRAINER = SimpleNamespace(accelerator=Accelerator(torch.device("cpu"), False, False, False))


@pytest.mark.parametrize(
    ("busy", "cores", "most", "count"),
    [(0.0, 2, 2, 2), (0.4, 2, 2, 2), (0.7, 2, 2, 1), (2.0, 2, 2, 1), (9.0, 2, 2, 1), (1.0, 8, 8, 7), (50, 64, 4, 4)],
)
def test_a_thread_for_each_free_core_and_at_least_one(busy, cores, most, count):
    assert threads_beside(busy, cores, most) == count


@pytest.mark.parametrize(("own_nice", "busy"), [(0, 0.5), (5, 2.0)])
def test_what_others_do_is_measured_and_what_this_process_does_is_not(monkeypatch, own_nice, busy):
    """In ten seconds this process spends 9, others of the usual priority 5, others of a low one 15."""
    now = SimpleNamespace(moment=0.0)
    at = {"user": 100.0, "system": 10.0, "nice": 7.0}
    spent = {"user": 4.0 + (0 if own_nice else 9.0), "system": 1.0, "nice": 15.0 + (9.0 if own_nice else 0)}

    def cpu_times():
        return SimpleNamespace(**{name: at[name] + spent[name] * now.moment / 10 for name in at})

    monkeypatch.setattr(cpu_threads.psutil, "cpu_times", cpu_times)
    monkeypatch.setattr(cpu_threads.psutil, "Process", lambda: SimpleNamespace(nice=lambda: own_nice))
    monkeypatch.setattr(cpu_threads.time, "process_time", lambda: 0.9 * now.moment)
    monkeypatch.setattr(cpu_threads.time, "monotonic", lambda: now.moment)
    look = OtherPrograms()
    now.moment = 10.0
    assert look.seconds == 10
    assert look.take_cores() == pytest.approx(busy)
    now.moment = 12.0
    assert look.seconds == 2 and look.take_cores() == pytest.approx(busy)


@pytest.fixture
def machine(monkeypatch):
    """Two threads of two cores, and a dial for what other programs keep busy."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    state = SimpleNamespace(threads=2, busy=0.0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: state.threads)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: setattr(state, "threads", count))
    monkeypatch.setattr(cpu_threads.psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(OtherPrograms, "take_cores", lambda self: state.busy)
    monkeypatch.setattr(OtherPrograms, "seconds", 100.0)
    return state


def test_threads_follow_what_other_programs_do(machine, caplog):
    caplog.set_level("INFO")
    machine.busy, threads = 1.6, CpuThreads(None)
    threads.on_fit_start(TRAINER)
    assert machine.threads == 1
    assert "training with 1 of 2 threads: other programs keep 1.6 cores busy" in caplog.text
    machine.busy = 0.1
    threads.on_step_end(TRAINER)
    assert machine.threads == 2
    machine.busy = 1.0
    threads.on_step_end(TRAINER)
    assert machine.threads == 1
    threads.on_fit_end(TRAINER)
    assert machine.threads == 2


@pytest.mark.parametrize(("asked", "environment", "count"), [(2, None, 2), (1, None, 1), (None, "2", 2)])
def test_who_says_how_many_is_obeyed(machine, monkeypatch, asked, environment, count):
    if environment:
        monkeypatch.setenv("OMP_NUM_THREADS", environment)
    machine.busy, threads = 2.0, CpuThreads(asked)
    threads.on_fit_start(TRAINER)
    threads.on_step_end(TRAINER)
    assert machine.threads == count
    threads.on_fit_end(TRAINER)
    assert machine.threads == 2
