"""Training a pair: one shared encoder, two decoders, warped inputs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from faceswap.core.face_set import REPORT
from faceswap.engine.accelerator import Compile, Precision, Switch, choose_accelerator, gpu_errors, memory_errors
from faceswap.engine.interrupts import StopRequest
from faceswap.engine.optimizers import Adam
from faceswap.engine.process_group import find_processes
from faceswap.engine.progress import STOPS, StopWhen, TrainingProgress
from faceswap.engine.state import TrainingState
from faceswap.engine.update import Update, Updater
from faceswap.swap.data.batch_stream import BatchStream, worker_count
from faceswap.swap.data.batches import BatchMaker
from faceswap.swap.data.colour import ColourChange
from faceswap.swap.data.pair_data import CACHE, open_pair
from faceswap.swap.data.prefetch import CudaPrefetcher
from faceswap.swap.data.recolour import ColourTransfer
from faceswap.swap.data.warp import Warp
from faceswap.swap.losses.adversarial import Discriminator
from faceswap.swap.losses.perceptual import Likeness
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.lite import Lite
from faceswap.swap.training.batch_size import BatchSize, check_batch_size, choose_batch_size
from faceswap.swap.training.best import Best
from faceswap.swap.training.checkpoints import CHECKPOINTS, find_weights, restore_latest, save_checkpoint
from faceswap.swap.training.comparison import read_report
from faceswap.swap.training.config_guard import check_same_settings, chosen_settings
from faceswap.swap.training.evaluator import evaluator_for
from faceswap.swap.training.health import check_pair
from faceswap.swap.training.initialisation import Scratch, Weights
from faceswap.swap.training.loop import Loop, Pace
from faceswap.swap.training.run_log import PREVIEWS, RunLog
from faceswap.swap.training.train_step import TrainStep
from faceswap.swap.training.validator import Validator
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import Interrupted, UserError
from faceswap.utils.files.atomic import remove
from faceswap.utils.files.locks import locked
from faceswap.utils.files.temporary import sweep
from faceswap.utils.progress import Progress

log = logging.getLogger(__name__)


def train_pair(
    faces_a: Path,  # face set of A, whose face is put on B
    faces_b: Path,  # face set of B
    run: Path,  # folder of the run; a run that is there goes on
    *,
    model: Callable[[], SwapModel] = Lite,  # makes the untrained model
    loss: ReconstructionLoss = ReconstructionLoss(),  # noqa: B008 (frozen)
    likeness: Likeness = Likeness(),  # noqa: B008 (frozen)
    discriminator: Discriminator = Discriminator(),  # noqa: B008 (frozen)
    optimizer: Adam = Adam(),  # noqa: B008 (frozen)
    update: Update = Update(),  # noqa: B008 (frozen)
    warp: Warp = Warp(),  # noqa: B008 (frozen)
    colour: Sequence[Mapping[str, Any]] = (),  # albumentations transforms: {name, kwargs}
    transfer: ColourTransfer = "none",  # of B's colours to A's faces: none, reinhard, mkl
    batch_size: BatchSize = 8,  # faces of each side a step, of each process; auto: what memory allows
    iterations: int | None = None,  # steps in all, those of earlier sessions counted in; None: what suits the device
    minutes: float | None = None,  # training time in all, likewise; None: no limit
    stop_when: StopWhen = "length",  # plateau: also when validation has not improved for long
    device: str = "auto",  # auto, cpu, cuda, cuda:N
    precision: Precision = "auto",  # auto, fp32, bf16
    channels_last: Switch = "auto",
    compile: Compile = "auto",
    workers: int | None = None,  # processes that prepare batches; 0: a thread; None: what measures fastest
    seed: int = 0,  # of weights, order, warps and colours
    init: Scratch = Scratch(),  # noqa: B008 (frozen) what a new run begins with, and what of it rests at first
    validation_share: float = 0.05,  # last part of each face set, never trained on
    log_every: int = 50,  # steps
    preview_every: int = 500,  # steps; also when validation is measured
    evaluate: bool = True,  # the validation tells whose face the swap is, and how well it follows B
    save_every: int = 1000,  # steps
    keep_checkpoints: int = 2,  # checkpoints
    config_text: str = "",  # all settings, shown in TensorBoard
    default_text: str = "",  # the same with every value as it is when nobody sets it
    restart: bool = False,  # forget an earlier run in this folder
    allow_changes: bool = False,  # go on with other settings than those of `config_text` before
) -> Path:
    """Trains until `iterations` or `minutes` are reached and gives back `run`.

    Goes on from the last checkpoint; a killed and resumed run equals an uninterrupted one, bit for bit on a CPU.
    `restart` removes an earlier run when all that the new one needs is read, checked and built. One process at a time
    trains a run, or the processes that torchrun has started (process_group.py), whose first alone writes. Raises
    UserError for what the user can mend, Interrupted after a signal, when all is saved.
    """
    check_batch_size(batch_size)
    if stop_when not in STOPS:
        raise UserError(f"stop_when={stop_when}: accepted are {', '.join(STOPS)}")
    iterations = usual_iterations(device, minutes) if iterations is None else iterations
    _check(iterations=iterations, log_every=log_every, preview_every=preview_every)
    _check(minutes=1.0 if minutes is None else minutes, save_every=save_every, keep_checkpoints=keep_checkpoints)
    if not 0 <= validation_share < 1:
        raise UserError(f"validation_share={validation_share}: must be in [0, 1)")
    processes = find_processes()
    accelerator = choose_accelerator(device, precision, channels_last, compile, processes)
    restart = restart and not processes.was_restarted  # it has done so before one of them died
    with (
        gpu_errors(),
        processes.connect(accelerator.device),
        locked(run, "training it") if processes.is_leader else nullcontext(),
    ):
        for folder in (CHECKPOINTS, CACHE) if processes.is_leader else ():
            sweep(run / folder)

        torch.manual_seed(seed)
        names = (faces_a.name, faces_b.name)
        with memory_errors(batch_size):
            network = accelerator.place(model())
            steps = optimizer.build(network)
            updater = Updater(network, steps, update, processes, init.resting(network), init.rests)
            adversary = discriminator.build(accelerator)
            likeness_loss = likeness.build(network.coverage, accelerator)
        beside = [adversary] if adversary is not None else []

        def restore() -> TrainingState | None:
            found = restore_latest(run, network, steps, names, updater.averaged, beside)
            processes.check_same(found.iteration if found else 0, "checkpoints")
            return found

        with memory_errors(batch_size):
            state = None if restart else restore()
        if state is None:
            state = TrainingState(iteration=0, seconds=0.0, seed=seed, faces=names)
            log.info("%s", init.begin(network, {"a": faces_a, "b": faces_b}))
            updater.begin()
        else:
            if not allow_changes:
                check_same_settings(run, config_text, default_text)
            log.info("going on from iteration %d of %s", state.iteration, run)
            if isinstance(init, Weights):
                log.info("init= is not used: only a run that begins starts from %s", find_weights(Path(init.path)))

        progress = TrainingProgress(replace(state, faces=names), iterations, minutes, processes, stop_when)
        report = {} if restart else read_report(run)
        if progress.done():
            log.info("nothing to do at iteration %d: say higher iterations= or minutes= to go on", progress.iteration)
            if report.get("iteration") == progress.iteration:
                return run
        sizes = (network.resolution, network.coverage)
        with processes.leader_first():
            data = open_pair(faces_a, faces_b, run, *sizes, validation_share, loss.needs_regions)
        check_pair(data, {"a": faces_a, "b": faces_b})
        save = partial(
            save_checkpoint, run, network, steps, keep=keep_checkpoints, averaged=updater.averaged, companions=beside,
            yaw_degrees=data.yaw_degrees,
        )  # fmt: skip
        processes.seed_each(state.seed, state.iteration)
        on_gpu = accelerator.device.type == "cuda"
        gpu_draws = on_gpu and ColourChange(colour).looks_at_pixels_alone()
        train_step = TrainStep(network, updater, loss, accelerator, data, progress, likeness_loss, adversary)
        if batch_size == "auto":
            chosen = choose_batch_size(state.batch_size, network, accelerator, train_step.attempt)
            batch_size = progress.batch_size = processes.minimum(chosen)
        maker = BatchMaker(data.sides, batch_size, *sizes, warp, colour, state.seed, not gpu_draws, transfer, processes)
        evaluator = evaluator_for(data, str(accelerator.device)) if evaluate and processes.is_leader else None
        validator = Validator(updater.shown, train_step.losses, accelerator, data, evaluator)
        if restart and processes.is_leader:
            _forget(run, maker)
        if not progress.done():
            log.info("previews: %s; curves: tensorboard --logdir %s; Ctrl-C stops, the same command goes on",
                     run / PREVIEWS, run.parent)  # fmt: skip
        with (
            StopRequest() as stop,
            memory_errors(batch_size),
            RunLog(run, progress.iteration, config_text, chosen_settings(config_text, default_text))
            if processes.is_leader
            else nullcontext() as journal,
            BatchStream(maker, progress.iteration, worker_count(workers, on_gpu, processes.local_size)) as stream,
            CudaPrefetcher(stream, train_step.loader, accelerator) if on_gpu else nullcontext(stream) as batches,
            Progress(
                None if minutes else iterations, "train", "iteration", progress.iteration, processes.is_leader
            ) as bar,
        ):
            pace = Pace(log_every, preview_every, save_every)
            best = Best(run, data.yaw_degrees)
            loop = Loop(train_step, progress, journal, pace, update.retries, restore, save, validator, best)
            if progress.done():
                loop.catch_up(report)
            loop.run(batches, bar, stop)
        if (stop or progress.stopped) and not progress.done():
            where = f"iteration {progress.iteration}, saved in {run}"
            raise Interrupted(f"stopped at {where}; the same command goes on from there")
    return run


def usual_iterations(device: str, minutes: float | None) -> int:
    """How many steps a run has when nobody says so: an hour of `lite` on two cores, several on a GPU.

    With `minutes` they end it, not steps.
    """
    if minutes is not None:
        return 100_000
    return 20_000 if choose_device(device).type == "cpu" else 100_000


def _forget(run: Path, maker: BatchMaker) -> None:
    """Removes an earlier run, once a first batch has shown that the new one can begin."""
    maker.make(0)
    for name in (CHECKPOINTS, PREVIEWS, REPORT):
        remove(run / name)


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not value > 0:
            raise UserError(f"{name}={value}: must be above 0")
