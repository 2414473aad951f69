"""What `python -m faceswap.edit` does: finds the code of a photo or film, moves it, pastes what changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from faceswap.cli.composing.typed_again import command_line, typed_again
from faceswap.cli.results import Result, result_of
from faceswap.compositing.colour import ColourSmoother
from faceswap.compositing.results import report_path
from faceswap.config.build import build
from faceswap.config.editing import EditRequest
from faceswap.facenets.parser import FaceParser
from faceswap.media.pictures.images import READ_SUFFIXES
from faceswap.media.sources import SourceInfo, probe
from faceswap.media.targets import check_target, suffix_of
from faceswap.media.video.coding import Coding
from faceswap.media.writing import writer_for
from faceswap.provenance.notice import COMPOSITE
from faceswap.stylegan.directions.directions import DirectionSet, load_directions
from faceswap.stylegan.editing.edits import read_edits
from faceswap.stylegan.editing.films import FilmEdit
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.editing.photos import Inverted, edit_photos, edited, inverted_photos, stored_photo, write_report
from faceswap.stylegan.editing.sheets import Sliders, write_page, write_sheet
from faceswap.stylegan.inversion.latents import SUFFIX, Latent
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.inversion.pipeline import Inverter, load_both, made_with_ai
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.errors import UserError
from faceswap.utils.process import reuse_freed_memory


@dataclass(frozen=True, eq=False)
class Work:
    """A photo or film and all that edits it; `latent`: the photo's code, where it was inverted before."""

    request: EditRequest
    info: SourceInfo
    latent: Latent | None
    inverter: Inverter
    known: DirectionSet
    paster: Paster


def edit_source(request: EditRequest) -> Path:
    """Move the face of a photo or a film along directions; return what was written."""
    inverter, known = tools_of(request)
    info, latent = source_of(request, inverter)
    result = result_of(
        "edit",
        request,
        *default_name(info, request),
        told=("start", "stop", "sheet", "page"),
        sources={"photo" if request.photo else "video": info.path},
    )
    memory = ColourSmoother(0.8 if info.kind != "images" else 0.0)
    paster = Paster(build(request.mask), build(request.colour), build(request.blender), request.paste, memory)
    work = Work(request, info, latent, inverter, known, paster)
    if not (request.sheet or request.page):
        return write_edited(work, result)
    if request.page and not request.sheet:
        return write_paged(work, result)
    directions = [known[name] for name in request.edits or sorted(known.directions)]
    check_target(result.path, info)
    photo = next(iter(photos_of(work)))
    write_sheet(info, Sliders(inverter.generator, photo, directions, paster), result.path)
    return result.note()


def write_paged(work: Work, result: Result) -> Path:
    """The page of sliders, which stand where the moves are; with moves also the edited photo beside it."""
    info, known, inverter = work.info, work.known, work.inverter
    edits = read_edits(work.request.edits, known, work.request.clamp)
    page = result.path.with_suffix(".html")
    is_picture = result.path.suffix.lower() in READ_SUFFIXES
    target = result.path if is_picture else result.path.with_suffix(suffix_of(info))
    for path in (page, target) if edits else (page,):
        check_target(path, info)
    photos = list(photos_of(work))
    photo = photos[0]
    if edits:
        write_edited(work, replace(result, path=target), photos)
    shown = edited(inverter.generator, photo, edits, work.paster) if edits else None
    directions = [known[name] for name in sorted(known.directions)]
    without_moves = command_line("edit", typed_again("edit", work.request, ("edits", "page", "out")))
    write_page(info, Sliders(inverter.generator, photo, directions, work.paster), page, without_moves, edits, shown)
    return replace(result, path=page).note()


def write_edited(work: Work, result: Result, photos: Iterable[Inverted] | None = None) -> Path:
    """The edited photo or film as `result`, with a report beside it; `photos`: where they are inverted already."""
    request, info, inverter, paster = work.request, work.info, work.inverter, work.paster
    edits = read_edits(request.edits, work.known, request.clamp)
    if not edits:
        names = ", ".join(sorted(work.known.directions)) or "none"
        raise UserError(f"say what to change, for instance smile=+1.5; there are the directions: {names}")
    reuse_freed_memory()
    out = result.path
    about = made_with_ai(generator_hash(inverter.generator), "faces in this work were edited", COMPOSITE)
    writer = writer_for(
        info, out, start=request.start, stop=request.stop, metadata=about, 
        coding=Coding(crf=request.crf, preset=request.preset),
        quality=request.image_quality,
    )  # fmt: skip
    writer.check()
    if info.kind == "images":
        photos = photos_of(work) if photos is None else photos
        numbers = edit_photos(info, inverter.generator, photos, edits, writer, paster)
    else:
        film = FilmEdit(
            info,
            inverter,
            edits,
            paster,
            build(request.finder),
            FaceParser(request.device),
            request.face,
            request,
            request.start,
            request.stop,
        )
        numbers = film.write(writer)
    write_report(report_path(out), info, out, edits, numbers | result.record)
    return out


def tools_of(request: EditRequest) -> tuple[Inverter, DirectionSet]:
    """The networks, and the directions of this generator. Raises UserError for those of another."""
    generator, encoder = load_both(request.generator, request.encoder, request.guess, request.device)
    known = load_directions(request.directions or None).only_for(generator_hash(generator))
    return Inverter(
        generator, encoder, inversion_loss(build(request.loss), request.vgg, request.device), request
    ), known


def source_of(request: EditRequest, inverter: Inverter) -> tuple[SourceInfo, Latent | None]:
    """What is to be edited; with the code, when it is a file that invert has written."""
    text, latent = request.photo or request.video, None
    if text.endswith(SUFFIX):
        latent = Latent.load(text, inverter.generator)
        text = latent.source
    info = probe(text)
    if (request.sheet or request.page or latent) and not info.is_still:
        raise UserError(f"sheet=true, page=true and inverted photos take one photo, not {info.path}")
    return info, latent


def photos_of(work: Work) -> Iterable[Inverted]:
    """The photos as codes: as they were inverted before, else inverted now, one after the other."""
    request = work.request
    if work.latent is not None:
        return [stored_photo(work.info, work.latent)]
    finder, parser = build(request.finder), FaceParser(request.device)
    return inverted_photos(work.info, work.inverter, finder, parser, request.face)


def default_name(info: SourceInfo, request: EditRequest) -> tuple[str, str]:
    """The result's name and suffix; of a part of a film after its range, so that it replaces no whole film."""
    if request.sheet or request.page:
        return f"{info.name}_edits", ".png" if request.sheet else ".html"
    part = f"_{request.start}-{request.stop or 'end'}" if request.start or request.stop is not None else ""
    return f"{info.name}_edited{part}", suffix_of(info)
