"""How the photo desk draws, by what edit and morph draw by. It brings torch, so it is imported at the first picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from faceswap.cli.composing.compose import compose_config
from faceswap.commands import edit, morph
from faceswap.compositing.colour import ColourSmoother
from faceswap.config.build import build
from faceswap.media.sources import probe
from faceswap.provenance.notice import COMPOSITE, GENERATED
from faceswap.studio.shared.photo_memory import Made, PhotoMemory, stamp
from faceswap.stylegan.editing.edits import read_edits
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.editing.photos import edited
from faceswap.stylegan.inversion.pipeline import made_with_ai
from faceswap.stylegan.morphing.results import carried_morph, child_of
from faceswap.stylegan.weights.files import generator_hash


def draw_edited(memory: PhotoMemory, photo: Path, moves: Mapping[str, str]) -> Made:
    """Return a photo after moves along directions: see `PhotoDesk.edited`."""
    said = [f"photo={photo}", f"device={memory.device}", *(f"{name}={value}" for name, value in moves.items())]
    request = compose_config("edit", said)
    inverter, known = memory.tool("edit", lambda: edit.tools_of(request))
    paster = Paster(
        build(request.mask), build(request.colour), build(request.blender), request.paste, ColourSmoother(0.0)
    )
    work = edit.Work(request, probe(photo), None, inverter, known, paster)
    inverted = memory.of(("edit", *stamp(photo)), lambda: next(iter(edit.photos_of(work))))
    edits = read_edits(request.edits, known, request.clamp)
    frame = edited(inverter.generator, inverted, edits, paster) if edits else inverted.frame
    about = made_with_ai(generator_hash(inverter.generator), "faces in this work were edited", COMPOSITE)
    return Made(frame.image, about)


def draw_between(memory: PhotoMemory, first: Path, second: Path, way: float, *, is_child: bool) -> Made:
    """Return a face on the way from one photo to another, or their child: see `PhotoDesk.between`."""
    request = compose_config("morph", [f"a={first}", f"b={second}", f"device={memory.device}"])
    reader = memory.tool("morph", lambda: morph.subjects_of(request))
    one, other = (
        memory.of(("morph", *stamp(photo)), partial(reader.one, str(photo), "photo")) for photo in (first, second)
    )
    generator = reader.inverter.generator
    tag = generator_hash(generator)
    if is_child:
        image = child_of(generator, one, other, morph.shares_of(None, way), request.size_px)
        return Made(image, made_with_ai(tag, source_type=GENERATED))
    carried = memory.of(("way", *stamp(first), *stamp(second)), lambda: carried_morph(generator, one, other, request))
    assert carried is not None
    return Made(carried(way), made_with_ai(tag, "faces in this work were put together from two", COMPOSITE))
