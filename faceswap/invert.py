"""python -m faceswap.invert photo=craig.jpg"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from faceswap.config.command import run_command


def invert(config: Any) -> Path:
    """Finds the styles that draw a photo; returns their file, of several photos their folder."""
    from faceswap.config.compose import build, require
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.sources import probe
    from faceswap.stylegan.data.portraits import portraits
    from faceswap.stylegan.inversion.perceptual import resemblance
    from faceswap.stylegan.inversion.pipeline import How, Inverter, invert_photos, load_both
    from faceswap.stylegan.inversion.tradeoff import write_tradeoff
    from faceswap.utils.errors import UserError
    from faceswap.utils.workspace import Workspace

    require(config, "photo")
    info = probe(config.photo)
    if config.tradeoff and not info.is_still:
        raise UserError(f"tradeoff=true takes one photo, not {info.path}")
    inverter = Inverter(
        *load_both(config.generator, config.encoder, config.start, config.device),
        resemblance(build(config.loss), config.vgg, config.device),
        How(config.start, config.steps, config.faithful, config.tuning_steps, config.rank, config.batch_size),
    )
    folder = Path(config.out) if config.out else Workspace(Path(config.workspace)).out
    finder, parser = build(config.finder), FaceParser(config.device)
    if config.tradeoff:
        found = portraits(info, finder, parser, config.face, inverter.generator.resolution)
        return write_tradeoff(inverter, next(iter(found)), folder)
    return invert_photos(info, inverter, finder, parser, folder, config.face, config.every)


if __name__ == "__main__":
    sys.exit(run_command("invert", invert))
