"""Training of a StyleGAN2 on any images, 32 to 1024 px, with or without a warm-up."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from faceswap.engine.accelerator import Accelerator, choose_accelerator, memory_errors
from faceswap.engine.interrupts import StopRequest
from faceswap.stylegan.data.packed import batch_on, open_pictures
from faceswap.stylegan.data.paired_crops import PairedCrops, open_paired_crops
from faceswap.stylegan.training.adversarial import AdversarialStep
from faceswap.stylegan.training.config import GeneratorTrainingConfig
from faceswap.stylegan.training.equivariance import Moves
from faceswap.stylegan.training.growing import take_encoder, take_generator
from faceswap.stylegan.training.monitor import Due, MonitorSchedule, RunRecorder
from faceswap.stylegan.training.run_folder import (
    GENERATOR_FILE,
    check_folder,
    check_has_checkpoint,
    check_same,
    forget,
    read_record,
    sweep_packed,
)
from faceswap.stylegan.training.state import TrainingNetworks, restore_checkpoint, save_checkpoint
from faceswap.stylegan.training.warm_up import AutoencoderStep, ReconstructionLosses
from faceswap.swap.runs.run_log import PREVIEWS, RunLog
from faceswap.utils.errors import Interrupted
from faceswap.utils.files.locks import locked
from faceswap.utils.progress import Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SettingsYaml:
    """All settings of a run as TensorBoard shows them; `default`: with every value as it is when nobody sets it."""

    text: str = ""
    default: str = ""


def train_generator(
    data: Path,
    run: Path,
    config: GeneratorTrainingConfig = GeneratorTrainingConfig(),  # noqa: B008 (frozen)
    settings: SettingsYaml = SettingsYaml(),
) -> Path:
    """Train until `kimg` or `minutes` are reached and return back `run`: checkpoint, previews, weights, TensorBoard.

    Goes on from the checkpoint; a stopped and resumed run equals an uninterrupted one. `restart` removes an earlier
    training when all that the new one needs is read, checked and built.

    Args:
        data: A folder of images, a face set, or a folder with targets.npy.
        run: The folder of the run; a run that is there goes on.
        config: The networks, the two phases, how long it is.
        settings: What is compared with an earlier session's.

    Raises:
        UserError: For what the user can mend, Interrupted after a signal, when all is saved.
    """
    accelerator = choose_accelerator(config.device, config.precision)
    with locked(run, "training it"), memory_errors(config.batch_size):
        training = GeneratorTraining(accelerator, data, run, config, settings)
        training.take_up()
        training.fit()
        log.info("draw with it: python -m faceswap.generate generator=%s seeds=0-15", run / GENERATOR_FILE)
    return run


class GeneratorTraining:
    """One session of a training: built, taken up where the last one was, and run to its end."""

    def __init__(
        self, accelerator: Accelerator, data: Path, run: Path, config: GeneratorTrainingConfig, settings: SettingsYaml
    ) -> None:
        self.run, self.config, self.settings = run, config, settings
        self.device = accelerator.device
        self.pictures = open_pictures(data, config.plan.resolution, run)
        torch.manual_seed(config.seed)
        self.networks = TrainingNetworks(accelerator, **asdict(config.plan))
        if config.grow_from:
            take_generator(self.networks, config.grow_from, bool(config.encoder_from))
        if config.encoder_from:
            take_encoder(self.networks, config.encoder_from)
        self.pairs = self._open_pairs(accelerator)
        compare = ReconstructionLosses(config.reconstruction, self.networks)
        self.warm_up = AutoencoderStep(config.warm_up, self.networks, compare)
        self.adversarial = AdversarialStep(config.adversarial, self.networks, compare)
        self.optimizers = [self.warm_up.optimizer, *self.adversarial.optimizers]
        self.about = {"pictures": self.pictures.fingerprint, "seed": config.seed}
        if self.pairs is not None:
            self.about["pairs"] = self.pairs.fingerprint
        self.recorder = RunRecorder(run, self.networks, self.pictures, config.monitor, self.about, config.inception)
        self.images, self.seconds = 0, 0.0
        self.is_resumed = self.is_whole = False

    def _open_pairs(self, accelerator: Accelerator) -> PairedCrops | None:
        if not self.config.counterfactual:
            return None
        plan = self.config.plan
        pairs = open_paired_crops(Path(self.config.counterfactual), plan.resolution)
        moves = Moves(len(pairs.names), self.networks.generator.rows, plan.w_size)
        self.networks.moves = accelerator.place(moves)
        return pairs

    def take_up(self) -> None:
        """Restore the checkpoint, or remove what an earlier training left. Raises UserError where that is not it."""
        run, config = self.run, self.config
        found = None if config.restart else restore_checkpoint(run, self.networks, self.optimizers)
        record = read_record(run)
        check_folder(run, record or found or {})
        if not (found or config.restart):
            check_has_checkpoint(run, record)
        if found and not config.allow_changes:
            check_same(run, record, self.about, self.settings.text, self.settings.default)
        if found and config.grow_from:
            log.info("grow_from= is not used: only a training that begins starts from %s", config.grow_from)
        if config.restart:
            forget(run, record)
        sweep_packed(run, self.pictures.packed)
        state = found or {"images": 0, "seconds": 0.0} | self.adversarial.state()
        self.adversarial.restore(state)
        self.images, self.seconds = int(state["images"]), float(state["seconds"])
        self.is_resumed = bool(found)
        self.is_whole = self.is_finished and record.get("is_final") is True and record.get("images") == self.images

    @property
    def last_image(self) -> int:
        """Return how many pictures are trained on in all."""
        return round(1000 * self.config.kimg)

    @property
    def is_finished(self) -> bool:
        """Return whether as many pictures were seen, or as much time was taken, as was asked for."""
        minutes = self.config.minutes
        return self.images >= self.last_image or (minutes is not None and self.seconds >= 60 * minutes)

    def fit(self) -> None:
        """Train to the end. Raises Interrupted after a signal, when all is saved."""
        finished, config = self.is_finished, self.config
        if finished:
            log.info("nothing to learn at %d pictures: say a higher kimg= or minutes= to go on", self.images)
        began = time.monotonic() - self.seconds
        schedule = MonitorSchedule(config.monitor, config.batch_size, self.seconds)
        with (
            StopRequest() as stop,
            RunLog(self.run, self.images, "" if finished else self.settings.text) as journal,
            Progress(self.last_image, "train", "picture", self.images) as bar,
        ):
            if not finished:
                self._tell()
                self.recorder.record(journal, self.images)
            while not finished:
                losses = self._step()
                self.images += config.batch_size
                self.networks.follow(self.images, config.batch_size)
                bar.advance(config.batch_size)
                self.seconds = time.monotonic() - began
                finished = self.is_finished or bool(stop)
                self.recorder.note(losses, self.images)
                self._monitor(journal, bar, schedule(self.images, self.seconds), finished)
            self._end(journal, bool(stop))

    def _tell(self) -> None:
        log.info(
            "%s %s: %d pictures of %d px; previews: %s; curves: tensorboard --logdir %s; Ctrl-C stops, the same "
            "command goes on",
            f"going on from {self.images} pictures of" if self.is_resumed else "training",
            self.run,
            len(self.pictures),
            self.config.plan.resolution,
            self.run / PREVIEWS,
            self.run.parent,
        )

    def _step(self) -> dict[str, float]:
        """Train on the next batch and return the losses."""
        config, number = self.config, self.images // self.config.batch_size
        seen, targets = batch_on(self.pictures, number, config.batch_size, config.seed, config.mirror, self.device)
        if self.images < config.warm_up.images:
            return self.warm_up.step(seen, targets, self.images)
        if self.pairs is None:
            return self.adversarial.step(seen, targets)
        count = config.equivariance.count(config.batch_size)
        moved = self.pairs.batch(number, count, config.seed, self.device)
        return self.adversarial.step(seen, targets, moved, config.equivariance.codes)

    def _monitor(self, journal: RunLog, bar: Progress, due: Due, finished: bool) -> None:
        recorder, images, seconds = self.recorder, self.images, self.seconds
        if finished or due.log:
            bar.note(recorder.log(journal, images, seconds))
        if finished or due.save:
            recorder.export(images, seconds)
            counts = {"images": images, "seconds": seconds}
            save_checkpoint(self.run, self.networks, self.optimizers, counts | self.adversarial.state())
        if due.preview and not finished:
            recorder.write_preview(journal, images)
        if due.distance and not finished:
            recorder.measure(journal, images)

    def _end(self, journal: RunLog, is_stopped: bool) -> None:
        recorder, images = self.recorder, self.images
        if is_stopped and images < self.last_image:
            recorder.preview_once(journal, images)
            raise Interrupted(f"stopped at {images} pictures, saved in {self.run}; the same command goes on from there")
        if not self.is_whole:  # also what an earlier session was killed before
            recorder.export(images, self.seconds)
            recorder.write_preview(journal, images)
            recorder.measure(journal, images)
            recorder.record(journal, images, is_final=True)
