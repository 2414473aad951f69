"""python -m faceswap.invert photo=craig.jpg."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.cli.results import Result
    from faceswap.media.sources import SourceInfo


def invert(config: Any) -> Path:
    """Finds the styles that draw a photo; returns their file, of several photos their folder."""
    from faceswap.config.build import build, require
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.sources import probe
    from faceswap.stylegan.data.portraits import portraits
    from faceswap.stylegan.inversion.perceptual import inversion_loss
    from faceswap.stylegan.inversion.pipeline import InversionSettings, Inverter, invert_photos, load_both
    from faceswap.stylegan.inversion.tradeoff import write_tradeoff
    from faceswap.utils.errors import UserError

    require(config, "photo")
    info = probe(config.photo)
    if config.tradeoff and not info.is_still:
        raise UserError(f"tradeoff=true takes one photo, not {info.path}")
    inverter = Inverter(
        *load_both(config.generator, config.encoder, config.guess, config.device),
        inversion_loss(build(config.loss), config.vgg, config.device),
        InversionSettings(
            config.guess, config.steps, config.fidelity, config.tuning_steps, config.rank, config.batch_size
        ),
    )
    result = result_for(config, info)
    finder, parser = build(config.finder), FaceParser(config.device)
    if config.tradeoff:
        found = portraits(info, finder, parser, config.face, inverter.generator.resolution)
        made = write_tradeoff(inverter, next(iter(found)), result.path.parent)
    else:
        made = invert_photos(info, inverter, finder, parser, result.path.parent, config.face, config.every)
    result.note()
    return made


def result_for(config: Any, info: SourceInfo) -> Result:
    """The file of a photo's code or the folder of several; other settings than usual have a folder of their own."""
    from faceswap.cli.results import check_folder_name, result_at, variant
    from faceswap.stylegan.inversion.latents import SUFFIX
    from faceswap.utils.files.workspace import Workspace

    if info.is_still:
        name = f"{info.files[0].stem}{'.tradeoff.png' if config.tradeoff else SUFFIX}"
    else:
        name = f"{info.name}_inverted"
    if config.out:
        check_folder_name(config.out)
        return result_at(Path(config.out) / name, "invert", config, {"photo": info.path}, is_chosen=True)
    told = variant("invert", config, told=("tradeoff",))
    folder = Workspace(Path(config.workspace)).out / (f"inverted{told}" if told else "")
    return result_at(folder / name, "invert", config, {"photo": info.path})


if __name__ == "__main__":
    sys.exit(run_command("invert", invert))
