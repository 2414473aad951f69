"""How far a run is and when it ends, over all its sessions."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta

from faceswap.engine.process_group import SINGLE_PROCESS, ProcessGroup
from faceswap.engine.state import TrainingState
from faceswap.utils.choices import StopWhen

STOPS: tuple[StopWhen, ...] = ("length", "plateau")
# Steps without a better validation, at least, and as a share of the steps so far. Trainings of `lite` watched for 2,000
# steps (docs/transfer_method.md) still got better at their end, so that nothing sooner is a plateau; a long run takes
# longer from one improvement to the next.
PATIENCE_STEPS, PATIENCE_SHARE = 2000, 0.25
IMPROVEMENT = 0.005  # of the lowest validation that counted: less is trembling


class TrainingProgress:
    """Count the steps and seconds of all sessions of a run, and know when to stop.

    All processes that train together go by one time and stop after the same step.

    Args:
        state: Where the run stands; a new run begins at iteration 0.
        iterations: Steps in all, those of earlier sessions counted in.
        minutes: Training time in all, likewise; None for no limit.
        processes: The processes that train together.
        until: "plateau" ends the run also when validation has not improved for long.

    Attributes:
        iteration: Steps done.
        stopped: Whether a process was asked to stop.
        setbacks: How often the run went back to a checkpoint.
        batch_size: What batch_size=auto chose; 0 before that.
    """

    def __init__(
        self,
        state: TrainingState,
        iterations: int,
        minutes: float | None,
        processes: ProcessGroup = SINGLE_PROCESS,
        until: StopWhen = "length",
    ) -> None:
        self.iteration = state.iteration
        self._start = state
        self._began = time.monotonic() - state.seconds
        self._iterations = iterations
        self._minutes = minutes
        self._processes = processes
        self._told = state.seconds
        self.stopped = False
        self._first: tuple[int, float] | None = None  # step of this session and its time: what compiles has done so
        self.setbacks = state.setbacks
        self.batch_size = state.batch_size
        self.seed = state.seed
        self._lowest, self._lowest_at = state.lowest, state.lowest_at
        self._until = until
        self._on_plateau = self.on_plateau

    def __str__(self) -> str:
        left = self.left_seconds()
        share = f"{self.seconds / 60:.1f} of {self._minutes:g} minutes" if self._minutes else ""
        return ", ".join(part for part in (share, "" if left is None else f"{_duration(left)} to go") if part)

    def set_length(self, iterations: int, minutes: float | None) -> None:
        """Let the run end elsewhere; arguments as of the class."""
        self._iterations, self._minutes = iterations, minutes

    @property
    def seconds(self) -> float:
        """Return the seconds of training, over all sessions."""
        return time.monotonic() - self._began

    def advance(self, asked_to_stop: bool) -> bool:
        """Count a step, and return whether it is the last."""
        self.iteration += 1
        asked, self._told, on_plateau = self._processes.maximum([asked_to_stop, self.seconds, self.on_plateau])
        self.stopped, self._on_plateau = bool(asked), bool(on_plateau)
        self._first = self._first or (self.iteration, self.seconds)
        return self.stopped or self.done()

    def step_seconds(self) -> float | None:
        """Return the mean seconds a step of this session, validation and checkpoints too; None before the second."""
        if self._first is None or self.iteration <= self._first[0]:
            return None
        return (self.seconds - self._first[1]) / (self.iteration - self._first[0])

    def left_seconds(self) -> float | None:
        """Return the seconds until the run ends, at the pace of this session; None where nobody can tell yet."""
        step = self.step_seconds()
        ends = [] if step is None else [(self._iterations - self.iteration) * step]
        if self._minutes is not None:
            ends.append(60 * self._minutes - self.seconds)
        return max(0.0, min(ends)) if ends else None

    def outlook(self) -> str:
        """Return in words how far the run is and when it will be done."""
        left, step = self.left_seconds(), self.step_seconds()
        pace = "" if step is None else f", {step:.3g} s each"
        end = ""
        if left is not None:
            end = f"; {_duration(left)} to go, done about {datetime.now() + timedelta(seconds=left):%a %d %b %H:%M}"
        return f"iteration {self.iteration} of {self._iterations}{pace}{end}"

    def every(self, steps: int) -> bool:
        """Return whether the last step was one of each `steps`."""
        return self.iteration % steps == 0

    def done(self) -> bool:
        """Return whether the run is as long as it was asked to be."""
        in_time = self._minutes is not None and self._told >= 60 * self._minutes
        return self.iteration >= self._iterations or in_time or (self._until == "plateau" and self._on_plateau)

    def record_validation(self, loss: float) -> None:
        """Remember the validation loss of this iteration where it is better than all before by more than chance."""
        if self._lowest is None or loss < (1 - IMPROVEMENT) * self._lowest:
            self._lowest, self._lowest_at = loss, self.iteration

    @property
    def steps_since_best(self) -> int:
        """Return the steps since validation has improved."""
        return self.iteration - self._lowest_at

    @property
    def on_plateau(self) -> bool:
        """Return whether validation has not improved for long; False where nothing is validated."""
        patience = max(PATIENCE_STEPS, PATIENCE_SHARE * self.iteration)
        return self._lowest is not None and self.steps_since_best >= patience

    def fraction(self) -> float:
        """Return the share of the run that is over, [0, 1]: of its iterations or its minutes, whichever end it."""
        in_time = self._told / (60 * self._minutes) if self._minutes is not None else 0.0
        return min(1.0, max(self.iteration / self._iterations, in_time))

    def state(self) -> TrainingState:
        """Return what a checkpoint keeps of it."""
        return replace(
            self._start,
            iteration=self.iteration,
            seconds=self.seconds,
            setbacks=self.setbacks,
            batch_size=self.batch_size,
            lowest=self._lowest,
            lowest_at=self._lowest_at,
        )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d"] * (days > 0) + [f"{hours} h"] * (days + hours > 0) + [f"{minutes} min"] * (days == 0)
    return " ".join(parts)
