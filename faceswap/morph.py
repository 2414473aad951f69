"""python -m faceswap.morph a=craig.jpg b=brosnan.jpg."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.cli.results import Result
    from faceswap.core.values import AlignedFace
    from faceswap.stylegan.editing.pasting import Paster
    from faceswap.stylegan.inversion.inversion import Start
    from faceswap.stylegan.morphing.subjects import SubjectReader


def morph(config: Any) -> Path:
    """Makes what was asked for and returns its path."""
    from faceswap.config.build import require

    makers = {"film": film, "child": child, "grid": grid, "composite": average, "cartoon": cartoon}
    require(config, *{"composite": ("faces",), "cartoon": ("a", "cartoon")}.get(config.make, ("a", "b")))
    return makers[config.make](config)


def film(config: Any) -> Path:
    """One face turns into the other."""
    from faceswap.media.writing import FILM_SUFFIXES
    from faceswap.stylegan.morphing.films import Timing
    from faceswap.stylegan.morphing.results import MorphFilmSettings, write_film
    from faceswap.utils.errors import UserError

    result = target(config, ".mp4", FILM_SUFFIXES)
    reader = studio_of(config)
    first, second = reader.one(config.a, "a"), reader.one(config.b, "b")
    if config.paste != "none" and first.portrait is None:
        raise UserError(f"paste={config.paste} needs a photo as a=, not {config.a}")
    timing = Timing(
        config.hold_seconds, config.fade_seconds, config.seconds, config.easing, config.there_and_back
    )  # fmt: skip
    how = MorphFilmSettings(config.size_px, config.frames_per_second, config.crf, config.preset)
    paster = None if config.paste == "none" else paster_of(config)
    write_film(reader.inverter.generator, first, second, result.path, timing, how, paster)
    return result.note()


def child(config: Any) -> Path:
    """What two faces would have between them."""
    from faceswap.stylegan.morphing.results import write_child

    result = target(config, ".png")
    reader = studio_of(config)
    shares = shares_of(config.shares, config.weight)
    write_child(
        reader.inverter.generator, reader.one(config.a, "a"), reader.one(config.b, "b"), shares, result.path,
        config.size_px,
    )  # fmt: skip
    return result.note()


def grid(config: Any) -> Path:
    """The styles of b in the faces of a."""
    from faceswap.stylegan.gallery.mixing import rows_of
    from faceswap.stylegan.morphing.results import write_grid
    from faceswap.stylegan.morphing.subjects import count_of
    from faceswap.utils.limits import GRID_TILES, check_size

    result = target(config, ".png")
    check_size("the grid", count_of(config.a) * count_of(config.b), GRID_TILES, "faces")
    reader = studio_of(config)
    rows_of(config.range, reader.inverter.generator.rows)  # a mistake is told before photos are inverted
    faces, styles = reader.subjects(config.a), reader.subjects(config.b)
    write_grid(reader.inverter.generator, faces, styles, config.range, result.path)
    return result.note()


def average(config: Any) -> Path:
    """Many faces laid over each other."""
    from faceswap.media.ai_notice import made_with_ai
    from faceswap.media.pictures.images import write_image
    from faceswap.stylegan.morphing.composite import composite

    result = target(config, ".png")
    about = made_with_ai("the face in this picture was put together from others")
    write_image(result.path, composite(aligned_faces(config), config.to_shape), metadata=about)
    return result.note()


def cartoon(config: Any) -> Path:
    """Faces drawn with layers of another generator."""
    from faceswap.stylegan.morphing.results import write_cartoon
    from faceswap.stylegan.morphing.subjects import count_of
    from faceswap.stylegan.weights.files import load_generator
    from faceswap.utils.limits import GRID_TILES, check_size

    result = target(config, ".png")
    check_size("the sheet", count_of(config.a), GRID_TILES, "faces")
    reader = studio_of(config)
    own = reader.inverter.generator
    other = load_generator(config.cartoon).to(own.average)
    shapes, texture = (own, other) if config.shapes_from == "own" else (other, own)
    write_cartoon(shapes, texture, config.swap_at, reader.subjects(config.a), own, result.path)
    return result.note()


def studio_of(config: Any) -> SubjectReader:
    """What turns photos and seeds into codes."""
    from faceswap.config.build import build
    from faceswap.facenets.parser import FaceParser
    from faceswap.stylegan.inversion.perceptual import InversionWeights, inversion_loss
    from faceswap.stylegan.inversion.pipeline import InversionSettings, Inverter, load_both
    from faceswap.stylegan.morphing.subjects import SubjectReader
    from faceswap.stylegan.seeds import seeds_of

    asked = [text for text in (config.a, config.b) if text]
    start: Start = config.guess
    if all(seeds_of(text) is not None for text in asked):
        start = "average"  # seeds need no encoder
    inverter = Inverter(
        *load_both(config.generator, config.encoder, start, config.device),
        inversion_loss(InversionWeights(), None, config.device),
        InversionSettings(start, config.steps, config.fidelity),
    )
    return SubjectReader(inverter, build(config.finder), FaceParser(config.device), config.face, config.psi)


def paster_of(config: Any) -> Paster:
    """What brings drawn faces into the photo."""
    from faceswap.compositing.blenders import AlphaBlender
    from faceswap.config.build import build
    from faceswap.media.pictures.colour_transfer import NoColour
    from faceswap.stylegan.editing.pasting import Paster

    return Paster(build(config.mask), NoColour(), AlphaBlender(), config.paste)


def aligned_faces(config: Any) -> Iterator[AlignedFace]:
    """The faces of a composite: those of a face set of that name, else of photos."""
    from faceswap.config.build import build
    from faceswap.facenets.parser import FaceParser
    from faceswap.media.sources import probe
    from faceswap.stylegan.data.face_sets import stored_faces
    from faceswap.stylegan.data.portraits import portraits
    from faceswap.utils.files.workspace import Workspace

    workspace = Workspace(Path(config.workspace))
    if config.faces in workspace.face_set_names():
        yield from stored_faces(workspace.faces(config.faces), config.size_px)
        return
    found = portraits(probe(config.faces), build(config.finder), FaceParser(config.device), config.face, config.size_px)
    yield from (portrait.aligned for portrait in found)


def shares_of(asked: Any, weight: float) -> dict[str, float]:
    """The second parent's share of each range of rows. Raises UserError for what cannot be."""
    from faceswap.utils.errors import UserError

    if asked is None:
        return {"all": weight}
    if not isinstance(asked, Mapping) or not all(
        isinstance(share, int | float) and 0 <= share <= 1 for share in asked.values()
    ):
        raise UserError(f"shares={asked}: say b's share in [0, 1] by rows, as {{coarse: 0, middle: 0.5, fine: 1}}")
    return {str(name): float(share) for name, share in asked.items()}


def target(config: Any, suffix: str, accepted: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".webp")) -> Result:
    """Where the result goes. Raises UserError for a name of another kind, or of another result."""
    from faceswap.cli.results import result_of
    from faceswap.utils.errors import UserError

    names = [Path(text).name.split(".")[0] or "face" for text in (config.faces, config.a, config.b) if text]
    if config.out and Path(config.out).suffix.lower() not in accepted:
        raise UserError(f"out={config.out}: make={config.make} writes {', '.join(accepted)}")
    return result_of("morph", config, f"{'_'.join(names)}_{config.make}"[:120], suffix, told=("make",))


if __name__ == "__main__":
    sys.exit(run_command("morph", morph))
