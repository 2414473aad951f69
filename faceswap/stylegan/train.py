"""Train a StyleGAN2: python -m faceswap.stylegan.train data=FOLDER."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.stylegan_training import StyleGANTrainRequest

PARTS = ("plan", "warm_up", "adversarial", "reconstruction", "monitor")


def train(request: StyleGANTrainRequest) -> Path:
    """Train a generator and return the run's folder."""
    from faceswap.config.build import build, require, to_yaml, untouched
    from faceswap.stylegan.training.trainer import SettingsYaml, train_generator
    from faceswap.utils.files.workspace import Workspace

    require(request, "data")
    run = Workspace(Path(request.workspace)).run_or_new_path(request.run or "style")
    parts = {name: build(getattr(request, name)) for name in PARTS}
    settings = SettingsYaml(to_yaml(request), to_yaml(untouched(request)))
    return train_generator(Path(request.data), run, replace(request, **parts), settings)


if __name__ == "__main__":
    sys.exit(run_command("stylegan.train", train))
