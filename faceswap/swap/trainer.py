"""Training a pair: one shared encoder, two decoders, warped inputs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from faceswap.faces.atomic import remove
from faceswap.faces.errors import Interrupted, UserError
from faceswap.faces.face_set import REPORT
from faceswap.faces.locks import locked
from faceswap.faces.progress import Progress
from faceswap.swap.adversary import Discriminator
from faceswap.swap.batches import BatchMaker, BatchStream, worker_count
from faceswap.swap.blocks import SwapModel
from faceswap.swap.changes import check_same_settings
from faceswap.swap.checkpoints import (
    CHECKPOINTS,
    TrainingState,
    find_weights,
    remove_leftovers,
    restore_latest,
    save_checkpoint,
)
from faceswap.swap.clock import Clock
from faceswap.swap.likeness import Likeness
from faceswap.swap.lite import Lite
from faceswap.swap.loop import Loop, Pace
from faceswap.swap.losses import ReconstructionLoss
from faceswap.swap.machine import Precision, Switch, choose_machine, memory_errors
from faceswap.swap.optimisers import Adam
from faceswap.swap.pair_data import CACHE, open_pair
from faceswap.swap.recolour import ColourTransfer
from faceswap.swap.run_log import PREVIEWS, TENSORBOARD, RunLog
from faceswap.swap.session import Session
from faceswap.swap.stopping import StopRequest
from faceswap.swap.transfer import start_from
from faceswap.swap.update import Update, Updater
from faceswap.swap.warp import Warp

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
    optimiser: Adam = Adam(),  # noqa: B008 (frozen)
    update: Update = Update(),  # noqa: B008 (frozen)
    warp: Warp = Warp(),  # noqa: B008 (frozen)
    colour: Sequence[Mapping[str, Any]] = (),  # albumentations transforms: {name, kwargs}
    transfer: ColourTransfer = "none",  # of B's colours to A's faces: none, reinhard, mkl
    batch_size: int = 8,  # faces of each side a step
    iterations: int = 100_000,  # steps in all, those of earlier sessions counted in
    minutes: float | None = None,  # training time in all, likewise; None: no limit
    device: str = "auto",  # auto, cpu, cuda, cuda:N
    precision: Precision = "auto",  # auto, fp32, bf16
    channels_last: Switch = "auto",
    compile: Switch = "auto",
    workers: int | None = None,  # processes that prepare batches; 0: a thread; None: what measures fastest
    seed: int = 0,  # of weights, order, warps and colours
    init: Path | None = None,  # run, checkpoint or .safetensors file to start from
    init_parts: Sequence[str] | None = None,  # which parts to take from it; None: all
    validation_share: float = 0.05,  # last part of each face set, never trained on
    log_every: int = 50,  # steps
    preview_every: int = 500,  # steps; also when validation is measured
    save_every: int = 1000,  # steps
    keep: int = 2,  # checkpoints
    config_text: str = "",  # shown in TensorBoard
    restart: bool = False,  # forget an earlier run in this folder
    allow_changes: bool = False,  # go on with other settings than those of `config_text` before
) -> Path:
    """Trains until `iterations` or `minutes` are reached and gives back `run`.

    Goes on from the last checkpoint; a killed and resumed run equals an uninterrupted one, bit for bit on a CPU.
    `restart` removes an earlier run when all that the new one needs is read, checked and built. One process at a time
    trains a run. Raises UserError for what the user can mend, Interrupted after a signal, when all is saved.
    """
    _check(batch_size=batch_size, iterations=iterations, log_every=log_every, preview_every=preview_every)
    _check(minutes=1.0 if minutes is None else minutes, save_every=save_every, keep=keep)
    if not 0 <= validation_share < 1:
        raise UserError(f"validation_share={validation_share}: must be in [0, 1)")
    machine = choose_machine(device, precision, channels_last, compile)
    with locked(run, "training it"):
        for folder in (CHECKPOINTS, CACHE):
            remove_leftovers(run / folder)

        torch.manual_seed(seed)
        names = (faces_a.name, faces_b.name)
        with memory_errors(batch_size):
            network = machine.place(model())
            steps = optimiser.build(network)
            updater = Updater(network, steps, update)
            adversary = discriminator.build(machine)
            likeness_loss = likeness.build(network.coverage, machine)
        beside = [adversary] if adversary is not None else []
        restore = partial(restore_latest, run, network, steps, names, updater.averaged, beside)
        kept = {"keep": keep, "averaged": updater.averaged, "companions": beside}
        save = partial(save_checkpoint, run, network, steps, **kept)
        with memory_errors(batch_size):
            state = None if restart else restore()
        if state is None:
            state = TrainingState(iteration=0, seconds=0.0, seed=seed, faces=names)
            if init is not None:
                log.info("%s", start_from(network, init, init_parts))
            updater.begin()
        else:
            if not allow_changes:
                check_same_settings(run, config_text)
            log.info("going on from iteration %d of %s", state.iteration, run)
            if init is not None:
                log.info("init= is not used: only a run that begins starts from %s", find_weights(init))

        sizes = (network.resolution, network.coverage)
        data = open_pair(faces_a, faces_b, run, *sizes, validation_share, loss.needs_regions)
        on_gpu = machine.device.type == "cuda"
        maker = BatchMaker(data.sides, batch_size, *sizes, warp, colour, state.seed, not on_gpu, transfer)
        clock = Clock(replace(state, faces=names), iterations, minutes)
        session = Session(network, updater, loss, machine, data, batch_size, clock, likeness_loss, adversary)
        if restart:
            _forget(run, maker)
        if clock.done():
            log.info("nothing to do at iteration %d: say higher iterations= or minutes= to go on", clock.iteration)
        with (
            StopRequest() as stop,
            memory_errors(batch_size),
            RunLog(run, clock.iteration, config_text) as journal,
            BatchStream(maker, clock.iteration, worker_count(workers, on_gpu)) as batches,
            Progress(None if minutes else iterations, "train", "iteration", clock.iteration) as bar,
        ):
            pace = Pace(log_every, preview_every, save_every)
            Loop(session, clock, journal, pace, update.retries, restore, save).run(batches, bar, stop)
        if stop and not clock.done():
            where = f"iteration {clock.iteration}, saved in {run}"
            raise Interrupted(f"stopped at {where}; the same command goes on from there")
    return run


def _forget(run: Path, maker: BatchMaker) -> None:
    """Removes an earlier run, once a first batch has shown that the new one can begin."""
    maker.make(0)
    for name in (CHECKPOINTS, TENSORBOARD, PREVIEWS, REPORT):
        remove(run / name)


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not value > 0:
            raise UserError(f"{name}={value}: must be above 0")
