"""The loop of a training: step, look, save; back to the last checkpoint when the loss is no number any more.

What is seen and told of an iteration is written before its checkpoint: a session that is killed in between does the
steps again and writes the same; none would come back to what a checkpoint has left behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from faceswap.engine.interrupts import StopRequest
from faceswap.engine.progress import TrainingProgress
from faceswap.engine.state import TrainingState
from faceswap.swap.data.batch_stream import WorkersDied
from faceswap.swap.data.prefetch import AnyBatch
from faceswap.swap.training.best import Best
from faceswap.swap.training.evaluator import score_of
from faceswap.swap.training.run_log import RunLog
from faceswap.swap.training.train_step import TrainStep
from faceswap.swap.training.validator import Validator
from faceswap.utils.errors import UserError
from faceswap.utils.progress import Progress

FIRST_LOOKS = (10, 30, 60, 100, 200, 300, 400)  # a new run is looked at sooner

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """Steps between points of the curves (`log`), between previews and validations (`look`), between checkpoints."""

    log: int
    look: int
    save: int

    def looks(self, iteration: int) -> bool:
        return iteration % self.look == 0 or (iteration < self.look and iteration in FIRST_LOOKS)


class Loop:
    """Trains until the run is long enough or somebody asks to stop; what it leaves in the run is whole at any time.

    `restore` fills the model from the newest checkpoint that can be read; `save` writes one of the state it is given.
    `validator` looks at what is trained, `best` keeps the weights of the best score. `retries`: how often to go back.
    `journal` None: another process looks, writes and saves for this one.
    """

    def __init__(
        self,
        train_step: TrainStep,
        progress: TrainingProgress,
        journal: RunLog | None,
        pace: Pace,
        retries: int,
        restore: Callable[[], TrainingState | None],
        save: Callable[[TrainingState], Any],
        validator: Validator,
        best: Best,
    ) -> None:
        self._train_step = train_step
        self._progress = progress
        self._journal = journal
        self._pace = pace
        self._retries = retries
        self._restore = restore
        self._save = save
        self._validator = validator
        self._best = best
        self._results: dict[str, Any] = {"losses": {}, "validation": {}, "score": None}
        self._told_plateau = progress.on_plateau

    def run(self, batches: Iterator[Mapping[str, AnyBatch]], bar: Progress, stop: StopRequest) -> None:
        """All steps there are to do. Raises UserError when going back does not help, or a process died."""
        progress, began = self._progress, self._progress.iteration
        finished = progress.done()
        try:
            while not finished:
                self._train_step.step(next(batches))
                finished = progress.advance(bool(stop))
                bar.advance()
                if self._journal is not None:
                    self._journal.begin()
                if self._holds(finished) and self._journal is not None:
                    self._look_and_save(self._journal, finished, not progress.stopped, bar)
        except WorkersDied:  # a signal to all processes may end them before this one is asked to stop
            if self._journal is not None and progress.iteration > began and not self._train_step.broken(look=True):
                self._results["losses"] = self._train_step.take_losses() or self._results["losses"]
                self._report(self._journal)
                self._save(progress.state())
            if not stop:
                raise

    def catch_up(self, report: Mapping[str, Any]) -> None:
        """Makes a finished run's report and best weights those of its last checkpoint; `report`: the one there is.

        An earlier version could be killed between the two.
        """
        if self._journal is None or report.get("iteration") == self._progress.iteration:
            return
        self._results["validation"] = validation = self._validator.validate()
        self._results["score"] = score = score_of(validation)
        self._best.offer(self._validator.model, self._progress.iteration, score, validation)
        self._report(self._journal)

    def _holds(self, finished: bool) -> bool:
        """Whether there is a model to look at and to keep. A run that broke goes back; at its end it stops and says so.

        Weights are asked only when somebody will look at them: a GPU would have to wait.
        """
        iteration, pace = self._progress.iteration, self._pace
        due = any(map(self._progress.every, (pace.log, pace.save))) or pace.looks(iteration)
        if self._train_step.broken(look=finished or due):
            self._go_back(0 if finished else self._retries)
            return False
        return finished or not self._train_step.left_out

    def _look_and_save(self, journal: RunLog, finished: bool, may_look: bool, bar: Progress) -> None:
        progress, pace = self._progress, self._pace
        saves = finished or progress.every(pace.save)
        looks = (finished or pace.looks(progress.iteration)) and may_look
        if finished or progress.every(pace.log):
            losses = self._train_step.take_losses() or self._results["losses"]
            self._results["losses"] = losses
            journal.scalars({**losses, **self._train_step.speed()}, progress.iteration)
            bar.note(
                " ".join(f"{side.upper()} {losses[f'loss/{side}']:.4f}" for side in "ab" if losses) + f" {progress}"
            )
        with self._train_step.paused():
            try:
                if looks:
                    self._look(journal, finished)
                if saves or looks:
                    self._report(journal)
                journal.flush()
            finally:  # whatever happened to a picture
                if saves:
                    self._save(progress.state())

    def _look(self, journal: RunLog, finished: bool) -> None:
        iteration = self._progress.iteration
        self._results["validation"] = validation = self._validator.validate()
        self._results["score"] = score = score_of(validation)
        journal.scalars(validation | ({} if score is None else {"validation/swap/score": score}), iteration)
        self._best.offer(self._validator.model, iteration, score, validation)
        for kind, picture in self._validator.pictures().items():
            journal.preview(picture, iteration, kind)
        journal.note("time", self._progress.outlook(), iteration)
        self._validator.check(validation, iteration, finished)
        if "validation" in validation:
            self._progress.record_validation(validation["validation"])
        if self._progress.on_plateau and not self._told_plateau:
            log.info(
                "validation has not improved for %d steps: more of them will change little. Look at the previews; "
                "Ctrl-C stops and keeps all, stop_when=plateau does so by itself", self._progress.steps_since_best,
            )  # fmt: skip
        self._told_plateau = self._progress.on_plateau

    def _report(self, journal: RunLog) -> None:
        left = self._progress.left_seconds()
        ahead = {"seconds_to_go": None if left is None else round(left), "plateau": self._progress.on_plateau}
        beside = {"best": self._best.report(), "look_seconds": self._validator.seconds}
        journal.report(self._train_step.report(self._progress.state()) | ahead | self._results | beside)

    def _go_back(self, retries: int) -> None:
        """To the last checkpoint's weights with half the rate. Steps count on, so that other batches come."""
        progress = self._progress
        found = self._restore() if progress.setbacks < retries else None
        if found is None:
            raise UserError(
                f"the loss is no number any more at iteration {progress.iteration}; lower optimizer.learning_rate (and "
                "say allow_changes=true): the same command goes on from the last checkpoint"
            )
        progress.setbacks += 1
        log.warning(
            "the loss is no number any more at iteration %d: back to the weights of iteration %d with half the "
            "learning rate, %d of at most %d times", progress.iteration, found.iteration, progress.setbacks, retries,
        )  # fmt: skip
        self._train_step.forget()
