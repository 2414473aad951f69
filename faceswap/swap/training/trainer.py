"""Training a pair: one shared encoder, two decoders, warped inputs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch

from faceswap.engine.accelerator import choose_accelerator, gpu_errors, memory_errors
from faceswap.engine.callbacks import Callback, Callbacks
from faceswap.engine.interrupts import StopRequest
from faceswap.engine.process_group import find_processes
from faceswap.engine.progress import TrainingProgress
from faceswap.engine.state import TrainingState
from faceswap.engine.update import Updater
from faceswap.swap.data.batch_stream import WorkersDied
from faceswap.swap.data.pair_data import CACHE, open_pair
from faceswap.swap.evaluation.evaluator import evaluator_for
from faceswap.swap.evaluation.health import check_pair
from faceswap.swap.evaluation.validator import Validator
from faceswap.swap.initialisation.schemes import Weights
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.runs.best import Best
from faceswap.swap.runs.checkpoints import CheckpointIO, find_weights
from faceswap.swap.runs.comparison import read_report
from faceswap.swap.runs.config_guard import as_begun, check_same_settings
from faceswap.swap.runs.run_log import RunLog
from faceswap.swap.training.batch_feed import Batches, batch_maker_for, open_batches
from faceswap.swap.training.callbacks import standard_callbacks
from faceswap.swap.training.objective import Objective
from faceswap.swap.training.run_folder import forget_run, hold_run, open_log
from faceswap.swap.training.settings_text import SettingsText, settings_text
from faceswap.swap.training.train_config import TrainConfig
from faceswap.swap.training.train_step import TrainStep
from faceswap.utils.errors import Interrupted
from faceswap.utils.progress import Progress
from faceswap.utils.settings.names import check_names

log = logging.getLogger(__name__)


class Trainer:
    """Train a pair of face sets, or go on with a run from its last checkpoint.

    A run that is killed and goes on equals an uninterrupted one, bit for bit on a CPU. One process at a time trains a
    run, or the processes that torchrun has started, whose first alone writes.

        trainer = Trainer("faces/craig", "faces/brosnan", model="lite")
        trainer.fit(steps=2000)

    Args:
        faces_a: Folder of the face set of A, whose face is put on B.
        faces_b: Folder of the face set of B.
        run: Folder of the run; `runs/A_B` beside the folder of A's face sets by default.
        config: All settings.
        callbacks: Callbacks of your own, called after the standard ones and before a checkpoint is saved.
        settings_told: The settings as the run's config.yaml shows them; made from `config` by default.
        settings: Fields of TrainConfig, in the place of those of `config`.

    Attributes:
        model: The model in training, once setup() has run.
        progress: How far the run is.
        results: The last "losses", "validation" and "score".
    """

    model: SwapModel
    progress: TrainingProgress
    log: RunLog
    bar: Progress

    def __init__(
        self,
        faces_a: str | Path,
        faces_b: str | Path,
        run: str | Path | None = None,
        config: TrainConfig | None = None,
        callbacks: Sequence[Callback[Trainer]] = (),
        settings_told: SettingsText | None = None,
        **settings: Any,
    ) -> None:
        check_names(settings, [field.name for field in fields(TrainConfig)])
        self.config = replace(config or TrainConfig(), **settings)
        self.faces = {"a": Path(faces_a), "b": Path(faces_b)}
        self.names = (self.faces["a"].name, self.faces["b"].name)
        self.run = Path(run) if run is not None else self.faces["a"].parent.parent / "runs" / "_".join(self.names)
        self.results: dict[str, Any] = {"losses": {}, "validation": {}, "score": None}
        self.stored_report: dict[str, Any] = {}
        self.finished = False
        self._told = settings_told or SettingsText()
        self._is_told = settings_told is not None
        self._resources: ExitStack | None = None
        self._is_built = self._is_ready = False  # model and optimizer; what takes steps and measures
        self._restarts = self.config.restart
        self.processes = find_processes()
        self.accelerator = choose_accelerator(
            self.config.device, self.config.precision, self.config.channels_last, self.config.compile, self.processes
        )
        self.callbacks = Callbacks(standard_callbacks(self.config, callbacks), self.processes.is_leader)

    def setup(self) -> None:
        """Build model and optimizer, and fill them from the newest checkpoint or as a run begins.

        fit(), validate() and the state's methods do it where it is needed. The run is locked until fit() has ended or
        close() is called.
        """
        if self._resources is not None:
            return
        with ExitStack() as stack:
            stack.enter_context(gpu_errors())
            stack.enter_context(self.processes.connect(self.accelerator.device))
            if self.processes.is_leader:
                stack.enter_context(hold_run(self.run))
            with memory_errors(self.config.batch_size):
                self._build()
                state = None if self._restarts else self.restore()
            if not self._is_told:
                self._told = settings_text(self.config, self.model, self.names)
            self.stored_report = {} if self._restarts else read_report(self.run)
            self._start(self._begin() if state is None else self._go_on(state))
            self._resources = stack.pop_all()

    def fit(self, steps: int | None = None, minutes: float | None = None) -> Path:
        """Train until the run is long enough, and save all that it needs to go on.

        Args:
            steps: Steps in all, those of earlier sessions counted in; `config.iterations` by default.
            minutes: Minutes of training in all, likewise; `config.minutes` by default.

        Returns:
            The folder of the run.

        Raises:
            UserError: The user can mend it.
            Interrupted: Ctrl-C or a signal has stopped it; all is saved.
        """
        if steps is not None or minutes is not None:
            self.config = replace(self.config, iterations=steps, minutes=minutes)
        self.setup()
        resources, self._resources = self._resources, None
        with resources or nullcontext():
            self.progress.set_length(self.config.steps, self.config.minutes)
            self.finished = self.progress.done()
            if self.finished:
                iteration = self.progress.iteration
                log.info("nothing to do at iteration %d: say higher iterations= or minutes= to go on", iteration)
                if self.stored_report.get("iteration") == iteration:
                    return self.run
            self._prepare()
            began, total = self.progress.iteration, None if self.config.minutes else self.config.steps
            workers, loader = self.config.workers, self.train_step.loader
            with (
                StopRequest() as stop,
                memory_errors(self.batch_maker.batch_size),
                open_log(self.run, began, self._told, self.processes.is_leader) as self.log,
                open_batches(self.batch_maker, began, workers, loader, self.accelerator) as batches,
                Progress(total, "train", "iteration", began, self.processes.is_leader) as self.bar,
            ):
                self.callbacks.fit_start(self)
                self._train(batches, stop)
            if (stop or self.progress.stopped) and not self.progress.done():
                where = f"iteration {self.progress.iteration}, saved in {self.run}"
                raise Interrupted(f"stopped at {where}; the same command goes on from there")
        return self.run

    def _train(self, batches: Batches, stop: StopRequest) -> None:
        began = self.progress.iteration
        try:
            while not self.finished:
                # Step: both sides through the encoder as one batch, each through its decoder; one update.
                self.train_step.step(next(batches))
                self.finished = self.progress.advance(bool(stop))
                self.bar.advance()

                # Weights that are not finite: leave the step out, or go back to the last checkpoint.
                if not self.callbacks.update(self):
                    continue

                # Curves, validation, previews and checkpoint, each when it is due; that is no time of training.
                with self.train_step.paused():
                    self.callbacks.step_end(self)
        except WorkersDied:  # a signal to all processes may end them before this one is asked to stop
            if self.progress.iteration > began and not self.train_step.broken(look=True):
                self.callbacks.fit_end(self)
            if not stop:
                raise
        else:
            self.callbacks.fit_end(self)

    def validate(self) -> dict[str, float]:
        """Return losses and PSNR (dB) on held-out faces, and what the evaluator measures of their swap.

        Names begin with `validation`; empty when the face sets are too small to hold some faces out.
        """
        if not self._is_ready:
            self.setup()
            self._prepare()
        return self.validator.validate()

    def state_dict(self) -> dict[str, Any]:
        """Return all that the training needs to go on, as CheckpointIO.state_dict() lays it out."""
        if not self._is_built:
            self.setup()
        return self.checkpoints.state_dict(self.progress.state())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what state_dict() has returned, of a training of the same model."""
        self.setup()
        self._start(self.checkpoints.load_state_dict(state))

    def close(self) -> None:
        """Let go of the run without training it; nothing is saved."""
        if self._resources is not None:
            self._resources.close()
            self._resources = None

    def restore(self) -> TrainingState | None:
        """Fill model and optimizer from the newest checkpoint that can be read; None when there is none."""
        found = self.checkpoints.restore_latest(self.run, self.names)
        self.processes.check_same(found.iteration if found else 0, "checkpoints")
        return found

    def save(self) -> Path:
        """Write a checkpoint, remove those that are too many, and return its folder."""
        keep, yaw_degrees = self.config.keep_checkpoints, self.data.yaw_degrees
        return self.checkpoints.save(self.run, self.progress.state(), keep, yaw_degrees)

    def take_losses(self) -> dict[str, float]:
        """Return the mean losses since the last call, or the last ones where no step was taken."""
        self.results["losses"] = losses = self.train_step.take_losses() or self.results["losses"]
        return losses

    @property
    def validation_is_due(self) -> bool:
        """Return whether a validation follows this step; none does while somebody waits for the training to stop."""
        return (self.finished or self.config.validates_at(self.progress.iteration)) and not self.progress.stopped

    @property
    def checkpoint_is_due(self) -> bool:
        """Return whether a checkpoint follows this step."""
        return self.finished or self.progress.every(self.config.save_every)

    def _build(self) -> None:
        """Make model, optimizer and losses; the order decides which random numbers each draws."""
        config, accelerator = self.config, self.accelerator
        torch.manual_seed(config.seed)
        self.model = accelerator.place(config.build_model())
        optimizer = config.optimizer.build(self.model)
        resting = config.init.resting(self.model)
        self.updater = Updater(self.model, optimizer, config.update, self.processes, resting, config.init.rests)
        adversary = config.discriminator.build(accelerator)
        likeness = config.likeness.build(self.model.coverage, accelerator)
        self.objective = Objective(config.loss, likeness, adversary)
        companions = [] if adversary is None else [adversary]
        self.checkpoints = CheckpointIO(self.model, optimizer, self.updater.averaged, companions)

    def _begin(self) -> TrainingState:
        log.info("%s", self.config.init.begin(self.model, self.faces))
        self.updater.begin()
        return TrainingState(iteration=0, seconds=0.0, seed=self.config.seed)

    def _go_on(self, state: TrainingState) -> TrainingState:
        if not self.config.allow_changes:
            check_same_settings(self.run, self._told.text, self._told.default)
        log.info("going on from iteration %d of %s", state.iteration, self.run)
        self._told = replace(self._told, text=as_begun(self.run, self._told.text, state.seed))
        if isinstance(self.config.init, Weights):
            log.info("init= is not used: only a run that begins has %s", find_weights(Path(self.config.init.path)))
        return state

    def _start(self, state: TrainingState) -> None:
        config = self.config
        named = replace(state, faces=self.names)
        self.progress = TrainingProgress(named, config.steps, config.minutes, self.processes, config.stop_when)
        self._is_built, self._is_ready = True, False

    def _prepare(self) -> None:
        """Open the faces and make what takes steps and measures them."""
        config, model, is_leader = self.config, self.model, self.processes.is_leader
        view = (model.resolution, model.coverage)
        with self.processes.leader_first():
            shares = (config.validation_share, self.objective.needs_regions)
            self.data = open_pair(self.faces, self.run / CACHE, view, *shares)
        check_pair(self.data, self.faces)
        self.processes.seed_each(self.progress.seed, self.progress.iteration)
        accelerator, data, progress, objective = self.accelerator, self.data, self.progress, self.objective
        self.train_step = TrainStep(model, self.updater, objective, accelerator, data.sides, progress)
        self.batch_maker = batch_maker_for(config, model, data, accelerator, progress, self.train_step.attempt)
        evaluator = evaluator_for(data, str(accelerator.device)) if config.evaluate and is_leader else None
        self.validator = Validator(self.updater.shown, objective.reconstruction, accelerator, data, evaluator)
        if self._restarts and is_leader:
            self.batch_maker.make(0)  # the new run can begin
            forget_run(self.run)
        self.best = Best(self.run, self.data.yaw_degrees)
        self._restarts = False
        self._is_ready = True
