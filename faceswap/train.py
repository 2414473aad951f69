"""python -m faceswap.train pair=craig_brosnan."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command
from faceswap.multirun import TrainingSweep

if TYPE_CHECKING:
    from faceswap.swap.training.config import TrainConfig
    from faceswap.utils.files.workspace import Workspace


def train(config: Any) -> Path:
    """Train a pair and return the run's folder."""
    from faceswap.config.build import to_yaml, untouched
    from faceswap.pairs import refuse_itself, run_to_train, show_consent
    from faceswap.utils.files.workspace import Workspace
    from faceswap.utils.program_versions import versions_comment

    workspace = Workspace(Path(config.workspace))
    run = run_to_train(config, workspace)
    faces_a, faces_b = (workspace.existing_faces_together(name) for name in (config.pair.a, config.pair.b))
    refuse_itself(faces_a, faces_b)
    show_consent(config.pair.consent)
    from faceswap.swap.training.settings_text import (
        SettingsText,  # torch takes seconds: what is misspelt is told before
    )
    from faceswap.swap.training.trainer import Trainer

    told = SettingsText(versions_comment() + to_yaml(config), to_yaml(untouched(config)))
    return Trainer(faces_a, faces_b, run, train_config(config, workspace), settings_told=told).fit()


def train_config(config: Any, workspace: Workspace) -> TrainConfig:
    """Return the settings of a training as the command has composed them."""
    from faceswap.config.build import build
    from faceswap.swap.data.augmentation import Augmentation
    from faceswap.swap.training.config import TrainConfig

    plain = {field.name: getattr(config, field.name) for field in fields(TrainConfig)}
    parts = ("loss", "likeness", "discriminator", "optimizer", "update", "init")
    built = {name: build(plain[name]) for name in parts}
    if getattr(built["init"], "path", ""):
        built["init"] = replace(built["init"], path=workspace.run_or_path(built["init"].path))
    augment = Augmentation(build(config.warp), config.augment.colour, config.augment.transfer)
    return TrainConfig(**plain | built | {"augment": augment, "model": lambda: build(config.model)})


if __name__ == "__main__":
    sys.exit(run_command("train", train, sweep=TrainingSweep))
