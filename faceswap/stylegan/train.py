"""Train a StyleGAN2: python -m faceswap.stylegan.train data=FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from faceswap.cli.runner import run_command


def train(config: Any) -> Path:
    """Train a generator and return the run's folder."""
    from faceswap.config.build import build, require, to_yaml, untouched
    from faceswap.stylegan.training.trainer import train_generator
    from faceswap.utils.files.workspace import Workspace

    require(config, "data")
    run = Workspace(Path(config.workspace)).run_or_new_path(config.run or "style")
    return train_generator(
        Path(config.data),
        run,
        plan=build(config.plan),
        warm_up=build(config.warm_up),
        adversarial=build(config.adversarial),
        reconstruction=build(config.reconstruction),
        monitor=build(config.monitor),
        kimg=config.kimg,
        minutes=config.minutes,
        batch_size=config.batch_size,
        mirror=config.mirror,
        grow_from=config.grow_from,
        encoder_from=config.encoder_from,
        counterfactual=config.counterfactual,
        equivariance=build(config.equivariance),
        inception=config.inception,
        device=config.device,
        precision=config.precision,
        seed=config.seed,
        config_text=to_yaml(config),
        default_text=to_yaml(untouched(config)),
        restart=config.restart,
        allow_changes=config.allow_changes,
    )


if __name__ == "__main__":
    sys.exit(run_command("stylegan.train", train))
