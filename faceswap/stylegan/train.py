"""Train a StyleGAN2: python -m faceswap.stylegan.train data=FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.stylegan_training import StyleGANTrainRequest


def train(request: StyleGANTrainRequest) -> Path:
    """Train a generator and return the run's folder."""
    from faceswap.config.build import build, require, to_yaml, untouched
    from faceswap.stylegan.training.trainer import train_generator
    from faceswap.utils.files.workspace import Workspace

    require(request, "data")
    run = Workspace(Path(request.workspace)).run_or_new_path(request.run or "style")
    return train_generator(
        Path(request.data),
        run,
        plan=build(request.plan),
        warm_up=build(request.warm_up),
        adversarial=build(request.adversarial),
        reconstruction=build(request.reconstruction),
        monitor=build(request.monitor),
        kimg=request.kimg,
        minutes=request.minutes,
        batch_size=request.batch_size,
        mirror=request.mirror,
        grow_from=request.grow_from,
        encoder_from=request.encoder_from,
        counterfactual=request.counterfactual,
        equivariance=request.equivariance,
        inception=request.inception,
        device=request.device,
        precision=request.precision,
        seed=request.seed,
        config_text=to_yaml(request),
        default_text=to_yaml(untouched(request)),
        restart=request.restart,
        allow_changes=request.allow_changes,
    )


if __name__ == "__main__":
    sys.exit(run_command("stylegan.train", train))
