"""What a training does between its steps: curves, validation, previews, the best weights, its report, checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from faceswap.engine.callbacks import Callback
from faceswap.engine.cpu_threads import CpuThreads
from faceswap.swap.evaluation.evaluator import score_of
from faceswap.swap.models.layers import SIDES
from faceswap.swap.models.weights import describe
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.swap.training.train_config import TrainConfig
    from faceswap.swap.training.trainer import Trainer

log = logging.getLogger(__name__)


def standard_callbacks(config: TrainConfig, own: Sequence[Callback[Trainer]] = ()) -> list[Callback[Trainer]]:
    """Return what every training does between its steps, with callbacks of one's `own` before report and checkpoint."""
    first: list[Callback[Trainer]] = [CpuThreads(config.threads), LossCurves(), NanRollback(config.update.retries)]
    first += [Validation(), BestWeights(), Previews(), Plateau()]
    return [*first, *own, Report(), Checkpoints()]


class LossCurves(Callback["Trainer"]):
    """Write mean losses, speed and learning rate to TensorBoard and the progress bar."""

    def on_update(self, trainer: Trainer) -> bool:
        """Open the records once something has been trained."""
        trainer.log.begin()
        return True

    def on_step_end(self, trainer: Trainer) -> None:
        """Write what is due."""
        if not (trainer.finished or trainer.progress.every(trainer.config.log_every)):
            return
        losses = trainer.take_losses()
        trainer.log.scalars({**losses, **trainer.train_step.speed()}, trainer.progress.iteration)
        told = " ".join(f"{side.upper()} {losses[f'loss/{side}']:.4f}" for side in SIDES if losses)
        trainer.bar.note(f"{told} {trainer.progress}")


class NanRollback(Callback["Trainer"]):
    """Go back to the last checkpoint, with half the learning rate, when losses or weights are no longer finite.

    Args:
        retries: How often, over all sessions of the run.

    Raises:
        UserError: It was to go back more often.
    """

    on_every_process = True

    def __init__(self, retries: int) -> None:
        self._retries = retries

    def on_update(self, trainer: Trainer) -> bool:
        """Return whether the step left weights that can be measured and kept.

        Weights are read only when somebody will look at them: a GPU would have to wait.
        """
        step, config, progress = trainer.train_step, trainer.config, trainer.progress
        due = any(map(progress.every, (config.log_every, config.save_every)))
        if step.broken(look=trainer.finished or due or config.validates_at(progress.iteration)):
            self._go_back(trainer, 0 if trainer.finished else self._retries)
            return False
        return trainer.finished or not step.left_out

    def _go_back(self, trainer: Trainer, retries: int) -> None:
        progress = trainer.progress
        found = trainer.restore() if progress.setbacks < retries else None
        if found is None:
            raise UserError(
                f"the loss is no number any more at iteration {progress.iteration}; lower optimizer.learning_rate (and "
                "say allow_changes=true): the same command goes on from the last checkpoint"
            )
        progress.setbacks += 1  # steps count on, so that other batches come
        log.warning(
            "the loss is no number any more at iteration %d: back to the weights of iteration %d with half the "
            "learning rate, %d of at most %d times",
            *(progress.iteration, found.iteration, progress.setbacks, retries),
        )
        trainer.train_step.forget()


class Validation(Callback["Trainer"]):
    """Validate when it is due, and write the curves."""

    def on_step_end(self, trainer: Trainer) -> None:
        """Validate, unless somebody waits for the training to stop."""
        if trainer.validation_is_due:
            metrics = trainer.validate()
            trainer.callbacks.validation_end(trainer, metrics)

    def on_validation_end(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        """Write the curves."""
        score = score_of(metrics)
        trainer.results |= {"validation": metrics, "score": score}
        scored = {} if score is None else {"validation/swap/score": score}
        trainer.log.scalars({**metrics, **scored}, trainer.progress.iteration)


class BestWeights(Callback["Trainer"]):
    """Keep the weights of the best score beside the newest ones."""

    def on_validation_end(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        """Keep these, if they are better."""
        trainer.best.offer(trainer.validator.model, trainer.progress.iteration, score_of(metrics), metrics)


class Previews(Callback["Trainer"]):
    """Draw faces of both sides and the swap, and tell when the run will be done."""

    def on_validation_end(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        """Write the pictures; warn where they show nothing any more."""
        iteration = trainer.progress.iteration
        for kind, picture in trainer.validator.pictures().items():
            trainer.log.preview(picture, iteration, kind)
        trainer.log.note("time", trainer.progress.outlook(), iteration)
        trainer.validator.check(metrics, iteration, trainer.finished)


class Plateau(Callback["Trainer"]):
    """Tell once that validation no longer improves."""

    def __init__(self) -> None:
        self._told = False

    def on_fit_start(self, trainer: Trainer) -> None:
        """Remember what an earlier session has told."""
        self._told = trainer.progress.on_plateau

    def on_validation_end(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        """Note the validation's loss."""
        progress = trainer.progress
        if "validation" in metrics:
            progress.record_validation(metrics["validation"])
        if progress.on_plateau and not self._told:
            log.info(
                "validation has not improved for %d steps: more of them will change little. Look at the previews; "
                "Ctrl-C stops and keeps all, stop_when=plateau does so by itself",
                progress.steps_since_best,
            )
        self._told = progress.on_plateau


class Report(Callback["Trainer"]):
    """Write the run's report.json, before the checkpoint that it tells of."""

    def __init__(self) -> None:
        self._written: int | None = None  # its iteration

    def on_fit_start(self, trainer: Trainer) -> None:
        """Complete the report and the best weights of a finished run: it may have been killed between the two."""
        self._written = trainer.progress.iteration
        if trainer.finished and trainer.stored_report.get("iteration") != trainer.progress.iteration:
            metrics = trainer.validate()
            trainer.results |= {"validation": metrics, "score": score_of(metrics)}
            trainer.best.offer(trainer.validator.model, trainer.progress.iteration, score_of(metrics), metrics)
            self._write(trainer)

    def on_step_end(self, trainer: Trainer) -> None:
        """Write it where a validation or a checkpoint is due."""
        if trainer.validation_is_due or trainer.checkpoint_is_due:
            self._write(trainer)
        trainer.log.flush()

    def on_fit_end(self, trainer: Trainer) -> None:
        """Write it for steps that it does not tell of yet."""
        if self._written != trainer.progress.iteration:
            trainer.take_losses()
            self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        progress, data, step = trainer.progress, trainer.data, trainer.train_step
        left = progress.left_seconds()
        self._written = progress.iteration
        trainer.log.report(
            {
                **describe(trainer.model, progress.iteration),
                "parameters": trainer.model.parameter_count(),
                "batch_size": step.batch_size,
                "seconds": round(progress.seconds, 1),
                "images_per_second": round(step.images_per_second, 1),
                "training_faces": {side: len(data.sides[side].indices) for side in SIDES},
                "validation_faces": {side: len(data.held_out[side]) for side in SIDES},
                "machine": trainer.accelerator.describe(),
                "seconds_to_go": None if left is None else round(left),
                "plateau": progress.on_plateau,
                **trainer.results,
                "best": trainer.best.report(),
                "look_seconds": trainer.validator.seconds,
            }
        )


class Checkpoints(Callback["Trainer"]):
    """Save a checkpoint when it is due. The last of all: what was told of these steps is written by then.

    A session that is killed in between does the steps again and writes the same.
    """

    def __init__(self) -> None:
        self._saved: int | None = None  # iteration

    def on_fit_start(self, trainer: Trainer) -> None:
        """Remember what is saved."""
        self._saved = trainer.progress.iteration

    def on_step_end(self, trainer: Trainer) -> None:
        """Save what is due."""
        if trainer.checkpoint_is_due:
            self._save(trainer)

    def on_fit_end(self, trainer: Trainer) -> None:
        """Save steps that are not saved yet."""
        if self._saved != trainer.progress.iteration:
            self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        trainer.save()
        self._saved = trainer.progress.iteration
