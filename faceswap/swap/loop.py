"""The loop of a training: step, look, save; back to the last checkpoint when the loss is no number any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from faceswap.faces.errors import UserError
from faceswap.faces.progress import Progress
from faceswap.swap.batches import FaceBatch, RawBatch, WorkersDied
from faceswap.swap.checkpoints import TrainingState
from faceswap.swap.clock import Clock
from faceswap.swap.run_log import RunLog
from faceswap.swap.session import Session
from faceswap.swap.stopping import StopRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """Steps between points of the curves (`log`), between previews and validations (`look`), between checkpoints."""

    log: int
    look: int
    save: int


class Loop:
    """Trains until the clock says so or somebody asks to stop; what it leaves in the run is whole at any time.

    `restore` fills the model from the newest checkpoint that can be read; `save` writes one of the state it is given.
    `retries`: how often it may go back.
    """

    def __init__(
        self,
        session: Session,
        clock: Clock,
        journal: RunLog,
        pace: Pace,
        retries: int,
        restore: Callable[[], TrainingState | None],
        save: Callable[[TrainingState], Any],
    ) -> None:
        self._session = session
        self._clock = clock
        self._journal = journal
        self._pace = pace
        self._retries = retries
        self._restore = restore
        self._save = save
        self._results: dict[str, Mapping[str, float]] = {"losses": {}, "validation": {}}

    def run(self, batches: Iterator[Mapping[str, FaceBatch | RawBatch]], bar: Progress, stop: StopRequest) -> None:
        """All steps there are to do. Raises UserError when going back does not help, or a process died."""
        clock, began = self._clock, self._clock.iteration
        finished = clock.done()
        try:
            while not finished:
                self._session.step(next(batches))
                clock.tick()
                bar.advance()
                finished = clock.done() or bool(stop)
                if self._holds(finished):
                    self._look_and_save(finished, not stop, bar)
        except WorkersDied:  # a signal to all processes may end them before this one is asked to stop
            if clock.iteration > began and not self._session.broken(look=True):
                self._results["losses"] = self._session.take_losses() or self._results["losses"]
                self._save(clock.state())
                self._report()
            if not stop:
                raise

    def _holds(self, finished: bool) -> bool:
        """Whether there is a model to look at and to keep. A run that broke goes back; at its end it stops and says so.

        Weights are asked only when somebody will look at them: a GPU would have to wait.
        """
        due = any(map(self._clock.every, (self._pace.log, self._pace.look, self._pace.save)))
        if self._session.broken(look=finished or due):
            self._go_back(0 if finished else self._retries)
            return False
        return finished or not self._session.left_out

    def _look_and_save(self, finished: bool, may_look: bool, bar: Progress) -> None:
        clock, pace = self._clock, self._pace
        saves = finished or clock.every(pace.save)
        looks = (finished or clock.every(pace.look)) and may_look
        if finished or clock.every(pace.log):
            losses = self._session.take_losses() or self._results["losses"]
            self._results["losses"] = losses
            self._journal.scalars({**losses, **self._session.speed()}, clock.iteration)
            bar.note(" ".join(f"{side.upper()} {losses[f'loss/{side}']:.4f}" for side in "ab" if losses) + f" {clock}")
        if saves:
            self._save(clock.state())
        if looks:
            self._results["validation"] = self._session.validate()
            self._journal.scalars(self._results["validation"], clock.iteration)
            self._journal.preview(self._session.preview(), clock.iteration)
        if saves or looks:
            self._report()

    def _report(self) -> None:
        self._journal.report(self._session.report(self._clock.state()) | self._results)

    def _go_back(self, retries: int) -> None:
        """To the last checkpoint's weights with half the rate. The clock runs on, so that other batches come now."""
        clock = self._clock
        found = self._restore() if clock.setbacks < retries else None
        if found is None:
            raise UserError(
                f"the loss is no number any more at iteration {clock.iteration}; lower optimiser.learning_rate (and "
                "say allow_changes=true): the same command goes on from the last checkpoint"
            )
        clock.setbacks += 1
        log.warning(
            "the loss is no number any more at iteration %d: back to the weights of iteration %d with half the "
            "learning rate, %d of at most %d times", clock.iteration, found.iteration, clock.setbacks, retries,
        )  # fmt: skip
        self._session.forget()
