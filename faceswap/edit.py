"""python -m faceswap.edit photo=craig.jpg smile=+1.5 age=-2."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.cli.results import Result
    from faceswap.media.sources import SourceInfo
    from faceswap.stylegan.directions.directions import DirectionSet
    from faceswap.stylegan.editing.pasting import Paster
    from faceswap.stylegan.editing.photos import Inverted
    from faceswap.stylegan.inversion.latents import Latent
    from faceswap.stylegan.inversion.pipeline import Inverter


def edit(config: Any) -> Path:
    """Moves the face of a photo or a film along directions and returns what was written."""
    check_asked(config)
    from faceswap.cli.results import result_of
    from faceswap.compositing.colour import ColourSmoother  # torch takes seconds: what is misspelt is told before
    from faceswap.config.build import build
    from faceswap.media.targets import check_target
    from faceswap.stylegan.editing.pasting import Paster
    from faceswap.stylegan.editing.sheets import write_sheet

    inverter, known = tools_of(config)
    info, latent = source_of(config, inverter)
    result = result_of(
        "edit", config, *default_name(info, config), told=("start", "stop", "sheet", "page"),
        sources={"photo" if config.photo else "video": info.path},
    )  # fmt: skip
    memory = ColourSmoother(0.8 if info.kind != "images" else 0.0)
    paster = Paster(build(config.mask), build(config.colour), build(config.blender), config.paste, memory)
    if not (config.sheet or config.page):
        return write_edited(config, info, inverter, known, paster, latent, result)
    if config.page and not config.sheet:
        return write_paged(config, info, inverter, known, paster, latent, result)
    directions = [known[name] for name in config.edits or sorted(known.directions)]
    check_target(result.path, info)
    photo = next(iter(photos_of(config, info, inverter, latent)))
    write_sheet(info, inverter.generator, photo, directions, paster, result.path)
    return result.note()


def write_paged(
    config: Any, info: SourceInfo, inverter: Inverter, known: DirectionSet, paster: Paster, latent: Latent | None,
    result: Result,
) -> Path:  # fmt: skip
    """The page of sliders, which stand where the moves are; with moves also the edited photo beside it."""
    from dataclasses import replace

    from faceswap.convert import suffix_of
    from faceswap.media.pictures.images import READ_SUFFIXES
    from faceswap.media.targets import check_target
    from faceswap.stylegan.editing.edits import read_edits
    from faceswap.stylegan.editing.photos import edited
    from faceswap.stylegan.editing.sheets import write_page

    edits = read_edits(config.edits, known, config.clamp)
    page = result.path.with_suffix(".html")
    is_picture = result.path.suffix.lower() in READ_SUFFIXES
    target = result.path if is_picture else result.path.with_suffix(suffix_of(info))
    for path in (page, target) if edits else (page,):
        check_target(path, info)
    photos = list(photos_of(config, info, inverter, latent))
    photo = photos[0]
    if edits:
        write_edited(config, info, inverter, known, paster, latent, replace(result, path=target), photos)
    shown = edited(inverter.generator, photo, edits, paster) if edits else None
    directions = [known[name] for name in sorted(known.directions)]
    write_page(info, inverter.generator, photo, directions, paster, page, edits, shown)
    return replace(result, path=page).note()


def write_edited(
    config: Any, info: SourceInfo, inverter: Inverter, known: DirectionSet, paster: Paster, latent: Latent | None,
    result: Result, photos: Iterable[Inverted] | None = None,
) -> Path:  # fmt: skip
    """The edited photo or film as `result`, with a report beside it; `photos`: where they are inverted already."""
    from faceswap.compositing.allocator import reuse_freed_memory
    from faceswap.compositing.results import report_path
    from faceswap.config.build import build
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.writing import writer_for
    from faceswap.stylegan.editing.edits import read_edits
    from faceswap.stylegan.editing.films import FilmEditSettings, edit_film
    from faceswap.stylegan.editing.photos import edit_photos, write_report
    from faceswap.stylegan.inversion.pipeline import made_with_ai
    from faceswap.stylegan.weights.files import generator_hash
    from faceswap.utils.errors import UserError

    edits = read_edits(config.edits, known, config.clamp)
    if not edits:
        names = ", ".join(sorted(known.directions)) or "none"
        raise UserError(f"say what to change, for instance smile=+1.5; there are the directions: {names}")
    reuse_freed_memory()
    out = result.path
    about = made_with_ai(generator_hash(inverter.generator), "faces in this work were edited")
    writer = writer_for(
        info, out, start=config.start, stop=config.stop, metadata=about, crf=config.crf, preset=config.preset,
        quality=config.image_quality,
    )  # fmt: skip
    writer.check()
    if info.kind == "images":
        photos = photos_of(config, info, inverter, latent) if photos is None else photos
        numbers = edit_photos(info, inverter.generator, photos, edits, writer, paster)
    else:
        how = FilmEditSettings(config.steps, config.refine, config.smooth_frames, config.batch_size)
        numbers = edit_film(
            info, inverter, edits, writer, paster, build(config.finder), FaceParser(config.device), config.face, how,
            config.start, config.stop,
        )  # fmt: skip
    write_report(report_path(out), info, out, edits, numbers | result.record)
    return out


def check_asked(config: Any) -> None:
    """Raises UserError unless exactly one of photo= and video= is given."""
    from faceswap.utils.errors import UserError

    if bool(config.photo) == bool(config.video):
        raise UserError("say what to edit: one of photo=... and video=...")


def tools_of(config: Any) -> tuple[Inverter, DirectionSet]:
    """The networks, and the directions of this generator. Raises UserError for those of another."""
    from faceswap.config.build import build
    from faceswap.stylegan.directions.directions import load_directions
    from faceswap.stylegan.inversion.perceptual import inversion_loss
    from faceswap.stylegan.inversion.pipeline import InversionSettings, Inverter, load_both
    from faceswap.stylegan.weights.files import generator_hash

    generator, encoder = load_both(config.generator, config.encoder, config.guess, config.device)
    known = load_directions(config.directions or None).only_for(generator_hash(generator))
    how = InversionSettings(config.guess, config.steps, config.fidelity, config.tuning_steps)
    return Inverter(generator, encoder, inversion_loss(build(config.loss), config.vgg, config.device), how), known


def source_of(config: Any, inverter: Inverter) -> tuple[SourceInfo, Latent | None]:
    """What is to be edited; with the code, when it is a file that invert has written."""
    from faceswap.media.sources import probe
    from faceswap.stylegan.inversion.latents import SUFFIX, Latent
    from faceswap.utils.errors import UserError

    text, latent = config.photo or config.video, None
    if text.endswith(SUFFIX):
        latent = Latent.load(text, inverter.generator)
        text = latent.source
    info = probe(text)
    if (config.sheet or config.page or latent) and not info.is_still:
        raise UserError(f"sheet=true, page=true and inverted photos take one photo, not {info.path}")
    return info, latent


def photos_of(config: Any, info: SourceInfo, inverter: Inverter, latent: Latent | None) -> Iterable[Inverted]:
    """The photos as codes: as they were inverted before, else inverted now, one after the other."""
    from faceswap.config.build import build
    from faceswap.facenets.parser import FaceParser
    from faceswap.stylegan.editing.photos import inverted_photos, stored_photo

    if latent is not None:
        return [stored_photo(info, latent)]
    return inverted_photos(info, inverter, build(config.finder), FaceParser(config.device), config.face)


def default_name(info: SourceInfo, config: Any) -> tuple[str, str]:
    """The result's name and suffix; of a part of a film after its range, so that it replaces no whole film."""
    from faceswap.convert import suffix_of

    if config.sheet or config.page:
        return f"{info.name}_edits", ".png" if config.sheet else ".html"
    part = f"_{config.start}-{config.stop or 'end'}" if config.start or config.stop is not None else ""
    return f"{info.name}_edited{part}", suffix_of(info)


if __name__ == "__main__":
    sys.exit(run_command("edit", edit))
