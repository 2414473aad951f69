"""python -m faceswap.train pair=craig_brosnan."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from faceswap.cli.runner import run_command
from faceswap.multirun import train_several


def train(config: Any) -> Path:
    """Trains a pair and returns the run's folder."""
    from faceswap.config.build import build, to_yaml, untouched
    from faceswap.pairs import refuse_itself, run_to_train, show_consent
    from faceswap.utils.files.workspace import Workspace
    from faceswap.utils.program_versions import versions_comment

    workspace = Workspace(Path(config.workspace))
    pair = config.pair
    run = run_to_train(config, workspace)
    faces_a, faces_b = workspace.existing_faces_together(pair.a), workspace.existing_faces_together(pair.b)
    refuse_itself(faces_a, faces_b)
    show_consent(pair.consent)
    from faceswap.swap.training.trainer import train_pair  # torch takes seconds: what is misspelt is told before

    init = build(config.init)
    if getattr(init, "path", ""):
        init = replace(init, path=workspace.run_or_path(init.path))
    return train_pair(
        faces_a,
        faces_b,
        run,
        model=lambda: build(config.model),
        loss=build(config.loss),
        likeness=build(config.likeness),
        discriminator=build(config.discriminator),
        optimizer=build(config.optimizer),
        update=build(config.update),
        warp=build(config.augment.warp),
        colour=config.augment.colour,
        transfer=config.augment.transfer,
        batch_size=config.batch_size,
        iterations=config.iterations,
        minutes=config.minutes,
        stop_when=config.stop_when,
        device=config.device,
        precision=config.precision,
        channels_last=config.channels_last,
        compile=config.compile,
        workers=config.workers,
        seed=config.seed,
        init=init,
        validation_share=config.validation_share,
        log_every=config.log_every,
        preview_every=config.preview_every,
        evaluate=config.evaluate,
        save_every=config.save_every,
        keep_checkpoints=config.keep_checkpoints,
        config_text=versions_comment() + to_yaml(config),
        default_text=to_yaml(untouched(config)),
        restart=config.restart,
        allow_changes=config.allow_changes,
    )


if __name__ == "__main__":
    sys.exit(run_command("train", train, several=lambda found: train_several(found, train)))
