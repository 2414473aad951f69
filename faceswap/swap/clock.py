"""How far a run is and when it ends, over all its sessions."""

from __future__ import annotations

import time
from dataclasses import replace

from faceswap.swap.checkpoints import TrainingState


class Clock:
    """Counts the steps and seconds of all sessions of a run and knows when to stop."""

    def __init__(self, state: TrainingState, iterations: int, minutes: float | None) -> None:
        self.iteration = state.iteration
        self._start = state
        self._began = time.monotonic() - state.seconds
        self._iterations = iterations
        self._minutes = minutes
        self.setbacks = state.setbacks
        self.seed = state.seed

    def __str__(self) -> str:
        return f"{self.seconds / 60:.1f} of {self._minutes:g} minutes" if self._minutes else ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def tick(self) -> None:
        self.iteration += 1

    def every(self, steps: int) -> bool:
        return self.iteration % steps == 0

    def done(self) -> bool:
        return self.iteration >= self._iterations or (self._minutes is not None and self.seconds >= 60 * self._minutes)

    def progress(self) -> float:
        """The share of the run that is over, [0, 1]: of its iterations or of its minutes, whichever end it."""
        in_time = self.seconds / (60 * self._minutes) if self._minutes is not None else 0.0
        return min(1.0, max(self.iteration / self._iterations, in_time))

    def state(self) -> TrainingState:
        return replace(self._start, iteration=self.iteration, seconds=self.seconds, setbacks=self.setbacks)
