"""What `python -m faceswap.invert` makes: the styles that draw photos."""

from __future__ import annotations

from pathlib import Path

from faceswap.cli.results import Result, check_folder_name, result_at, variant
from faceswap.config.build import build
from faceswap.config.editing import InvertRequest
from faceswap.facenets.parser import FaceParser
from faceswap.media.sources import SourceInfo, probe
from faceswap.stylegan.data.portraits import portraits
from faceswap.stylegan.inversion.latents import SUFFIX
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.inversion.pipeline import Inverter, invert_photos, load_both
from faceswap.stylegan.inversion.tradeoff import write_tradeoff
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace


def invert_source(request: InvertRequest) -> Path:
    """Find the styles; return their file, of several photos their folder."""
    info = probe(request.photo)
    if request.tradeoff and not info.is_still:
        raise UserError(f"tradeoff=true takes one photo, not {info.path}")
    inverter = Inverter(
        *load_both(request.generator, request.encoder, request.guess, request.device),
        inversion_loss(build(request.loss), request.vgg, request.device),
        request,
    )
    result = result_for(request, info)
    finder, parser = build(request.finder), FaceParser(request.device)
    if request.tradeoff:
        found = portraits(info, finder, parser, request.face, inverter.generator.resolution)
        made = write_tradeoff(inverter, next(iter(found)), result.path.parent)
    else:
        made = invert_photos(info, inverter, finder, parser, result.path.parent, request.face, request.every)
    result.note()
    return made


def result_for(request: InvertRequest, info: SourceInfo) -> Result:
    """The file of a photo's code or the folder of several; other settings than usual have a folder of their own."""
    if info.is_still:
        name = f"{info.files[0].stem}{'.tradeoff.png' if request.tradeoff else SUFFIX}"
    else:
        name = f"{info.name}_inverted"
    if request.out:
        check_folder_name(request.out)
        return result_at(Path(request.out) / name, "invert", request, {"photo": info.path}, is_chosen=True)
    told = variant("invert", request, told=("tradeoff",))
    folder = Workspace(Path(request.workspace)).out / (f"inverted{told}" if told else "")
    return result_at(folder / name, "invert", request, {"photo": info.path})
