"""What `python -m faceswap.morph` makes: films, children, grids of styles, composites, cartoons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from faceswap.cli.results import Result, result_of
from faceswap.compositing.blenders import AlphaBlender
from faceswap.config.build import build
from faceswap.config.exploring import MorphRequest
from faceswap.core.values import AlignedFace
from faceswap.facenets.parser import FaceParser
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.pictures.images import write_image
from faceswap.media.sources import probe
from faceswap.media.writing import FILM_SUFFIXES
from faceswap.provenance.notice import GENERATED, made_with_ai
from faceswap.stylegan.data.face_sets import stored_faces
from faceswap.stylegan.data.portraits import portraits
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.gallery.mixing import rows_of
from faceswap.stylegan.inversion.config import InversionSettings, InversionWeights
from faceswap.stylegan.inversion.perceptual import inversion_loss
from faceswap.stylegan.inversion.pipeline import Inverter, load_both
from faceswap.stylegan.morphing.composite import composite
from faceswap.stylegan.morphing.results import write_cartoon, write_child, write_film, write_grid
from faceswap.stylegan.morphing.subjects import SubjectReader, count_of
from faceswap.stylegan.seeds import seeds_of
from faceswap.stylegan.weights.files import load_generator
from faceswap.utils.choices import Start, Way
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from faceswap.utils.limits import GRID_TILES, check_size


def make(request: MorphRequest) -> Path:
    """Make what was asked for; return its path."""
    makers = {"film": film, "child": child, "grid": grid, "composite": average, "cartoon": cartoon}
    return makers[request.make](request)


def film(request: MorphRequest) -> Path:
    """One face turns into the other."""
    result = target(request, ".mp4", FILM_SUFFIXES)
    reader = subjects_of(request)
    first, second = reader.one(request.a, "a"), reader.one(request.b, "b")
    if request.paste != "none" and first.portrait is None:
        raise UserError(f"paste={request.paste} needs a photo as a=, not {request.a}")
    paster = None if request.paste == "none" else paster_of(request, request.paste)
    write_film(reader.inverter.generator, first, second, result.path, request, paster)
    return result.note()


def child(request: MorphRequest) -> Path:
    """What two faces would have between them."""
    result = target(request, ".png")
    reader = subjects_of(request)
    shares = shares_of(request.shares, request.weight)
    write_child(
        reader.inverter.generator, reader.one(request.a, "a"), reader.one(request.b, "b"), shares, result.path,
        request.size_px,
    )  # fmt: skip
    return result.note()


def grid(request: MorphRequest) -> Path:
    """The styles of b in the faces of a."""
    result = target(request, ".png")
    check_size("the grid", count_of(request.a) * count_of(request.b), GRID_TILES, "faces")
    reader = subjects_of(request)
    rows_of(request.range, reader.inverter.generator.rows)  # a mistake is told before photos are inverted
    faces, styles = reader.subjects(request.a), reader.subjects(request.b)
    write_grid(reader.inverter.generator, faces, styles, request.range, result.path)
    return result.note()


def average(request: MorphRequest) -> Path:
    """Many faces laid over each other."""
    result = target(request, ".png")
    about = made_with_ai("the face in this picture was put together from others", source_type=GENERATED)
    write_image(result.path, composite(aligned_faces(request), request.to_shape), metadata=about)
    return result.note()


def cartoon(request: MorphRequest) -> Path:
    """Faces drawn with layers of another generator."""
    result = target(request, ".png")
    check_size("the sheet", count_of(request.a), GRID_TILES, "faces")
    reader = subjects_of(request)
    own = reader.inverter.generator
    other = load_generator(request.cartoon).to(own.average)
    shapes, texture = (own, other) if request.shapes_from == "own" else (other, own)
    write_cartoon(shapes, texture, request.swap_at, reader.subjects(request.a), own, result.path)
    return result.note()


def subjects_of(request: MorphRequest) -> SubjectReader:
    """What turns photos and seeds into codes."""
    asked = [text for text in (request.a, request.b) if text]
    start: Start = request.guess
    if all(seeds_of(text) is not None for text in asked):
        start = "average"  # seeds need no encoder
    inverter = Inverter(
        *load_both(request.generator, request.encoder, start, request.device),
        inversion_loss(InversionWeights(), None, request.device),
        InversionSettings(start, request.steps, request.fidelity),
    )
    return SubjectReader(inverter, build(request.finder), FaceParser(request.device), request.face, request.psi)


def paster_of(request: MorphRequest, way: Way) -> Paster:
    """What brings drawn faces into the photo."""
    return Paster(build(request.mask), NoColour(), AlphaBlender(), way)


def aligned_faces(request: MorphRequest) -> Iterator[AlignedFace]:
    """The faces of a composite: those of a face set of that name, else of photos."""
    workspace = Workspace(Path(request.workspace))
    if request.faces in workspace.face_set_names():
        yield from stored_faces(workspace.faces(request.faces), request.size_px)
        return
    found = portraits(
        probe(request.faces), build(request.finder), FaceParser(request.device), request.face, request.size_px
    )
    yield from (portrait.aligned for portrait in found)


def shares_of(asked: Any, weight: float) -> dict[str, float]:
    """The second parent's share of each range of rows. Raises UserError for what cannot be."""
    if asked is None:
        return {"all": weight}
    if not isinstance(asked, Mapping) or not all(
        isinstance(share, int | float) and 0 <= share <= 1 for share in asked.values()
    ):
        raise UserError(f"shares={asked}: say b's share in [0, 1] by rows, as {{coarse: 0, middle: 0.5, fine: 1}}")
    return {str(name): float(share) for name, share in asked.items()}


def target(
    request: MorphRequest, suffix: str, accepted: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".webp")
) -> Result:
    """Where the result goes. Raises UserError for a name of another kind, or of another result."""
    names = [Path(text).name.split(".")[0] or "face" for text in (request.faces, request.a, request.b) if text]
    if request.out and Path(request.out).suffix.lower() not in accepted:
        raise UserError(f"out={request.out}: make={request.make} writes {', '.join(accepted)}")
    return result_of("morph", request, f"{'_'.join(names)}_{request.make}"[:120], suffix, told=("make",))
