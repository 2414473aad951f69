"""How many threads a training on a CPU takes: one for each core that other programs leave it.

The threads of one step wait for each other some hundred times. A core that something else keeps busy makes all of them
wait: measured on two cores beside many busy processes, two threads spend 2.5 times the CPU time of one on a step and
take it a third more slowly.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Protocol

import psutil
import torch

from faceswap.engine.accelerator import Accelerator
from faceswap.engine.callbacks import Callback

SHORTEST_LOOK_SECONDS = 0.25  # system times are told in steps of 10 ms
LOOK_AGAIN_SECONDS = 20.0

log = logging.getLogger(__name__)


class Trains(Protocol):
    """What is asked of a trainer."""

    @property
    def accelerator(self) -> Accelerator: ...


class CpuThreads(Callback[Trains]):
    """Set the threads of a training, at its start and again as other programs come and go.

    Sums over several threads round otherwise than those of one: two trainings are equal bit for bit with the same
    count. It is left alone where `asked` says it, where OMP_NUM_THREADS does, on a GPU and among several processes.

    Args:
        asked: Threads to take; None: as many as there are cores to have.
    """

    on_every_process = True

    def __init__(self, asked: int | None) -> None:
        self._asked, self._most, self._follows = asked, torch.get_num_threads(), False
        self._watch = OtherPrograms()

    def on_fit_start(self, trainer: Trains) -> None:
        """Choose for what has been seen since this was made."""
        accelerator = trainer.accelerator
        free = self._asked is None and "OMP_NUM_THREADS" not in os.environ and self._most > 1
        self._follows = free and not accelerator.on_gpu and accelerator.processes.size == 1
        if self._asked is not None:
            torch.set_num_threads(self._asked)
        if self._follows:
            time.sleep(max(0.0, SHORTEST_LOOK_SECONDS - self._watch.seconds))
            self._choose()

    def on_step_end(self, trainer: Trains) -> None:
        """Choose anew, where the last look is long enough ago."""
        if self._follows and self._watch.seconds >= LOOK_AGAIN_SECONDS:
            self._choose()

    def on_fit_end(self, trainer: Trains) -> None:
        """Give back all threads to what comes after the training."""
        torch.set_num_threads(self._most)

    def _choose(self) -> None:
        busy, before = self._watch.take_cores(), torch.get_num_threads()
        count = threads_beside(busy, psutil.cpu_count() or self._most, self._most)
        if count != before:
            torch.set_num_threads(count)
            log.info(
                "training with %d of %d threads: other programs keep %.1f cores busy (threads=%d takes all)",
                count,
                self._most,
                busy,
                self._most,
            )


class OtherPrograms:
    """Measures how many cores other programs keep busy; those of lower priority count as nothing."""

    def __init__(self) -> None:
        self._last = _busy_seconds()
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return how long this look has lasted."""
        return time.monotonic() - self._since

    def take_cores(self) -> float:
        """Return the mean since the last call, and begin the next look."""
        now, moment = _busy_seconds(), time.monotonic()
        cores = max(0.0, (now - self._last) / max(moment - self._since, 1e-3))
        self._last, self._since = now, moment
        return cores


def threads_beside(busy_cores: float, cores: int, most: int) -> int:
    """Return how many threads fit beside what keeps `busy_cores` of `cores` busy: 1 to `most`."""
    return max(1, min(most, int(cores - busy_cores + 0.5)))


def _busy_seconds() -> float:
    """Return the CPU seconds that all other programs have spent."""
    times, own = psutil.cpu_times(), time.process_time()
    is_nice = hasattr(times, "nice") and psutil.Process().nice() > 0
    spent = times.user + times.system + (times.nice if is_nice else 0.0)
    return float(spent - own)
