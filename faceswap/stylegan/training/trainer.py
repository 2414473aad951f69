"""Training of a StyleGAN2 on any images, 32 to 1024 px, with or without a warm-up."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from pathlib import Path

import torch

from faceswap.engine.accelerator import choose_accelerator, memory_errors
from faceswap.engine.interrupts import StopRequest
from faceswap.stylegan.data.packed import batch_on, open_pictures
from faceswap.stylegan.data.paired_crops import open_paired_crops
from faceswap.stylegan.training.adversarial import AdversarialStep
from faceswap.stylegan.training.config import (
    Adversarial,
    Equivariance,
    GeneratorTrainingConfig,
    MonitorSettings,
    NetworkSettings,
    ReconstructionWeights,
    WarmUp,
)
from faceswap.stylegan.training.equivariance import Moves
from faceswap.stylegan.training.growing import take_encoder, take_generator
from faceswap.stylegan.training.monitor import MonitorSchedule, RunRecorder
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
from faceswap.utils.choices import Precision
from faceswap.utils.errors import Interrupted
from faceswap.utils.files.locks import locked
from faceswap.utils.progress import Progress

log = logging.getLogger(__name__)


def train_generator(
    data: Path,  # folder of images, face set, or folder with targets.npy
    run: Path,  # folder of the run; a run that is there goes on
    *,
    plan: NetworkSettings = NetworkSettings(),  # noqa: B008 (frozen)
    warm_up: WarmUp = WarmUp(),  # noqa: B008 (frozen)
    adversarial: Adversarial = Adversarial(),  # noqa: B008 (frozen)
    reconstruction: ReconstructionWeights = ReconstructionWeights(),  # noqa: B008 (frozen)
    monitor: MonitorSettings = MonitorSettings(),  # noqa: B008 (frozen)
    kimg: float = GeneratorTrainingConfig.kimg,
    minutes: float | None = GeneratorTrainingConfig.minutes,
    batch_size: int = GeneratorTrainingConfig.batch_size,
    mirror: bool = GeneratorTrainingConfig.mirror,
    grow_from: str = GeneratorTrainingConfig.grow_from,
    encoder_from: str = GeneratorTrainingConfig.encoder_from,
    counterfactual: str = GeneratorTrainingConfig.counterfactual,
    equivariance: Equivariance = Equivariance(),  # noqa: B008 (frozen)
    inception: str = GeneratorTrainingConfig.inception,
    device: str = GeneratorTrainingConfig.device,
    precision: Precision = GeneratorTrainingConfig.precision,
    seed: int = GeneratorTrainingConfig.seed,
    config_text: str = "",  # all settings, shown in TensorBoard
    default_text: str = "",  # the same with every value as it is when nobody sets it
    restart: bool = GeneratorTrainingConfig.restart,
    allow_changes: bool = GeneratorTrainingConfig.allow_changes,
) -> Path:
    """Train until `kimg` or `minutes` are reached and return back `run`: checkpoint, previews, weights, TensorBoard.

    Goes on from the checkpoint; a stopped and resumed run equals an uninterrupted one. `restart` removes an earlier
    training when all that the new one needs is read, checked and built.

    Raises:
        UserError: For what the user can mend, Interrupted after a signal, when all is saved.
    """
    accelerator = choose_accelerator(device, precision)
    with locked(run, "training it"), memory_errors(batch_size):
        pictures = open_pictures(data, plan.resolution, run)
        torch.manual_seed(seed)
        networks = TrainingNetworks(accelerator, **asdict(plan))
        if grow_from:
            take_generator(networks, grow_from)
        if encoder_from:
            take_encoder(networks, encoder_from)
        pairs = open_paired_crops(Path(counterfactual), plan.resolution) if counterfactual else None
        if pairs is not None:
            moves = Moves(len(pairs.names), networks.generator.rows, plan.w_size)
            networks.moves = accelerator.place(moves)
        compare = ReconstructionLosses(reconstruction, networks)
        warm_up_step = AutoencoderStep(warm_up, networks, compare)
        adversarial_step = AdversarialStep(adversarial, networks, compare)
        optimizers = [warm_up_step.optimizer, *adversarial_step.optimizers]
        about = {"pictures": pictures.fingerprint, "seed": seed}
        if pairs is not None:
            about["pairs"] = pairs.fingerprint
        recorder = RunRecorder(run, networks, pictures, monitor, about, inception)

        found = None if restart else restore_checkpoint(run, networks, optimizers)
        record = read_record(run)
        check_folder(run, record or found or {})
        if not (found or restart):
            check_has_checkpoint(run, record)
        if found and not allow_changes:
            check_same(run, record, about, config_text, default_text)
        if restart:
            forget(run, record)
        sweep_packed(run, pictures.packed)
        state = found or {"images": 0, "seconds": 0.0} | adversarial_step.state()
        adversarial_step.restore(state)
        images, seconds, last = int(state["images"]), float(state["seconds"]), round(1000 * kimg)
        began = time.monotonic() - seconds
        finished = images >= last or (minutes is not None and seconds >= 60 * minutes)
        is_whole = finished and record.get("is_final") is True and record.get("images") == images
        if finished:
            log.info("nothing to learn at %d pictures: say a higher kimg= or minutes= to go on", images)
        schedule = MonitorSchedule(monitor, batch_size, seconds)
        with (
            StopRequest() as stop,
            RunLog(run, images, "" if finished else config_text) as journal,
            Progress(last, "train", "picture", images) as bar,
        ):
            if not finished:
                log.info(
                    "%s %s: %d pictures of %d px; previews: %s; curves: tensorboard --logdir %s; Ctrl-C stops, the "
                    "same command goes on",
                    f"going on from {images} pictures of" if found else "training",
                    run,
                    len(pictures),
                    plan.resolution,
                    run / PREVIEWS,
                    run.parent,
                )
                recorder.record(journal, images)
            while not finished:
                seen, targets = batch_on(pictures, images // batch_size, batch_size, seed, mirror, accelerator.device)
                if images < warm_up.images:
                    losses = warm_up_step.step(seen, targets, images)
                elif pairs is None:
                    losses = adversarial_step.step(seen, targets)
                else:
                    count, number = equivariance.count(batch_size), images // batch_size
                    moved = pairs.batch(number, count, seed, accelerator.device)
                    losses = adversarial_step.step(seen, targets, moved, equivariance.codes)
                images += batch_size
                networks.follow(images, batch_size)
                bar.advance(batch_size)
                seconds = time.monotonic() - began
                finished = images >= last or bool(stop) or (minutes is not None and seconds >= 60 * minutes)

                recorder.note(losses, images)
                due = schedule(images, seconds)
                if finished or due.log:
                    bar.note(recorder.log(journal, images, seconds))
                if finished or due.save:
                    recorder.export(images, seconds)
                    save_checkpoint(
                        run, networks, optimizers, {"images": images, "seconds": seconds} | adversarial_step.state()
                    )
                if due.preview and not finished:
                    recorder.write_preview(journal, images)
                if due.distance and not finished:
                    recorder.measure(journal, images)
            if stop and images < last:
                recorder.preview_once(journal, images)
                raise Interrupted(f"stopped at {images} pictures, saved in {run}; the same command goes on from there")
            if not is_whole:  # also what an earlier session was killed before
                recorder.export(images, seconds)
                recorder.write_preview(journal, images)
                recorder.measure(journal, images)
                recorder.record(journal, images, is_final=True)
        log.info("draw with it: python -m faceswap.generate generator=%s seeds=0-15", run / GENERATOR_FILE)
    return run
