"""python -m faceswap.train pair=craig_brosnan."""

from __future__ import annotations

import logging
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.commands.multirun import TrainingSweep

if TYPE_CHECKING:
    from faceswap.config.swapping import TrainRequest
    from faceswap.swap.training.train_config import TrainConfig
    from faceswap.utils.files.workspace import Workspace

log = logging.getLogger(__name__)


def train(request: TrainRequest) -> Path:
    """Train a pair and return the run's folder."""
    from faceswap.commands.pairs import refuse_itself, run_to_train
    from faceswap.config.build import to_yaml, untouched
    from faceswap.provenance.consent import show_consent
    from faceswap.utils.files.workspace import RUN_CONFIG, Workspace
    from faceswap.utils.program_versions import versions_comment

    workspace = Workspace(Path(request.workspace))
    run, pair = run_to_train(request, workspace)
    request = replace(request, pair=pair)
    faces_a, faces_b = (workspace.existing_faces_together(name) for name in (pair.a, pair.b))
    refuse_itself(faces_a, faces_b)
    show_consent(vars(pair.consent))
    from faceswap.swap.runs.run_record import record_consent
    from faceswap.swap.training.settings_text import (
        SettingsText,  # torch takes seconds: what is misspelt is told before
    )
    from faceswap.swap.training.trainer import Trainer

    told = SettingsText(versions_comment() + to_yaml(request), to_yaml(untouched(request)))
    trainer = Trainer(faces_a, faces_b, run, train_config(request, workspace), settings_told=told)
    folder = trainer.fit()
    if trainer.processes.is_leader and record_consent(folder, vars(pair.consent)):  # where nothing was to be done
        log.info("the consent is on record now, in %s", folder / RUN_CONFIG)
    return folder


def train_config(request: TrainRequest, workspace: Workspace) -> TrainConfig:
    """Return the settings of a training as the command has composed them."""
    from faceswap.config.build import build
    from faceswap.swap.data.augmentation import Augmentation
    from faceswap.swap.training.train_config import TrainConfig

    plain = {field.name: getattr(request, field.name) for field in fields(TrainConfig)}
    parts = ("loss", "likeness", "discriminator", "optimizer", "update", "init")
    built = {name: build(plain[name]) for name in parts}
    if getattr(built["init"], "path", ""):
        built["init"] = replace(built["init"], path=workspace.run_or_path(built["init"].path))
    augment = Augmentation(build(request.warp), request.augment.colour, request.augment.transfer)
    return TrainConfig(**plain | built | {"augment": augment, "model": lambda: build(request.model)})


if __name__ == "__main__":
    sys.exit(run_command("train", train, sweep=TrainingSweep))
