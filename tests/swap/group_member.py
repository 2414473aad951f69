"""One process of several, as torchrun would start it, and what a test lets happen to it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from faceswap.engine.update import Update
from faceswap.swap.losses.adversarial import Discriminator
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.registry import MODELS
from faceswap.swap.training import trainer
from faceswap.utils.errors import Interrupted, UserError
from tests.swap.fakes import Tiny
from tests.swap.trained_runs import train

# All that must agree between processes: what is drawn at random, what learns beside the model, what is clipped.
EVERYTHING: dict[str, Any] = {
    "loss": ReconstructionLoss(eyes=3, mouth=2),
    "discriminator": Discriminator(gan_weight=0.1, start_step=2, channels=4),
    "update": Update("cosine", grad_clip_norm=0.5, lr_dropout=0.5, ema_decay=0.9),
    "transfer": "reinhard",
    "precision": "fp32",
    "iterations": 6,
    "save_every": 4,
    "preview_every": 100,
}


def member(task: str, rank: int, port: int, was_restarted: int, sets: tuple[Path, Path], run: Path) -> None:
    """Trains as number `rank` of two; what it says goes to `run`.RANK.txt. Runs in a process of its own."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
    place |= {"TORCHELASTIC_RESTART_COUNT": was_restarted, "TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1"}
    os.environ.update({name: str(value) for name, value in place.items()})
    with open(f"{run}.{rank}.txt", "ab") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    torch.set_num_threads(1)
    MODELS["tiny"] = Tiny
    steps = {"batch_size": 4, **EVERYTHING}
    if task == "other_files":  # as on two machines that share no folder
        run, steps["iterations"] = run.with_name(f"{run.name}{rank}"), 6 + rank
    elif rank == 1 and task in HAPPENS and not was_restarted:
        before_step(*HAPPENS[task])
    try:
        train(sets, run, restart=task == "die", **steps)
    except (UserError, Interrupted) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def spoil_one_loss(train_step: Any) -> None:
    loss = ReconstructionLoss.__call__

    def spoiled(*tensors: Any) -> Any:
        ReconstructionLoss.__call__ = loss  # type: ignore[method-assign]
        return {name: value * float("nan") for name, value in loss(*tensors).items()}

    ReconstructionLoss.__call__ = spoiled  # type: ignore[method-assign]


def before_step(number: int, what: Any) -> None:
    """Lets `what` happen to a training before its step `number`, from 1."""
    steps = []

    def step(self: Any, batch: Any, step: Any = trainer.TrainStep.step) -> None:
        steps.append(batch)
        if len(steps) == number:
            what(self)
        step(self, batch)

    trainer.TrainStep.step = step  # type: ignore[method-assign]


# To the second process alone, before a step.
HAPPENS: dict[str, tuple[int, Any]] = {
    "die": (6, lambda train_step: os.kill(os.getpid(), signal.SIGKILL)),
    "stop": (3, lambda train_step: os.kill(os.getpid(), signal.SIGTERM)),
    "bad_batch": (3, spoil_one_loss),
}
