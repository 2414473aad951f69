"""What `python -m faceswap.directions` does: finds directions by scores, labels or pairs, or imports some."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from faceswap.cli.results import result_of
from faceswap.config.build import build
from faceswap.config.exploring import DirectionsRequest
from faceswap.engine.accelerator import choose_accelerator
from faceswap.media.pictures.images import write_image
from faceswap.stylegan.data.labels import Labels, read_labels
from faceswap.stylegan.data.pairs import read_pairs
from faceswap.stylegan.directions.directions import DirectionSet, save_directions
from faceswap.stylegan.directions.discovery import (
    Sample,
    draw_sample,
    find_directions,
    principal_directions,
    scored_styles,
    scorer_names,
    styles_of,
)
from faceswap.stylegan.directions.imported import import_directions
from faceswap.stylegan.directions.labelled import (
    ranked,
    sample_of_crops,
    sample_of_pictures,
    sample_of_seeds,
    styles_of_pictures,
)
from faceswap.stylegan.directions.pair_pictures import see_pairs
from faceswap.stylegan.directions.paired import directions_of_pairs
from faceswap.stylegan.directions.scoring import AttributeScorer, Scorer, scorer_by_name
from faceswap.stylegan.directions.sight import embedder_sight
from faceswap.stylegan.gallery.sheets import direction_sheet
from faceswap.stylegan.inversion.pipeline import load_both, made_with_ai
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import generator_hash, load_generator
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError

log = logging.getLogger(__name__)

USUAL = ("age", "smile", "yaw", "pitch", "gender", "hair", "skin", "glasses")
AXES_SAMPLES = 10_000  # styles alone are drawn in a moment


def _base_name(request: DirectionsRequest) -> str:
    """What directions came from, so that those of one source lie beside those of another."""
    if request.import_from:
        return Path(request.import_from).stem
    sources = [Path(path).stem for path in (request.generator, request.labels, request.pictures, request.pairs) if path]
    if request.scorer:
        sources.append(Path(request.scorer.rpartition(":")[2]).name)  # one word, whatever was typed
    return "_".join(["directions", *(source[:40] for source in sources)])


def write_directions(request: DirectionsRequest) -> Path:
    """Find directions or import some; return their file."""
    result = result_of("directions", request, _base_name(request), ".safetensors", told=("sheet",))
    out = result.path
    generator = None
    if not request.import_from or request.generator:
        generator = load_generator(request.generator or None).to(choose_device(request.device))
    if request.import_from:
        found = import_directions(request.import_from, request.name)
        if generator is not None:
            found = found.tagged(generator_hash(generator))
    elif request.pairs:
        found = found_in_pairs(request)
    else:
        assert generator is not None
        found = found_in(generator, request)
    save_directions(out, found)
    if request.sheet and generator is not None:
        faces = generator.spread(styles_of(generator, range(request.seed, request.seed + 3), 0.7))
        shown = list(found.directions.values())[:24]
        about = made_with_ai(generator_hash(generator), "the faces in this picture were drawn")
        write_image(out.with_suffix(".png"), direction_sheet(generator, shown, faces), metadata=about)
    return result.note()


def found_in(generator: Generator, request: DirectionsRequest) -> DirectionSet:
    """The directions that the settings ask for."""
    scorer = scorer_by_name(request.scorer) if request.scorer else AttributeScorer(request.device)
    table = read_labels(request.labels) if request.labels else None
    told = scorer_names(generator, scorer)  # by one face: mistakes in names are told before thousands are drawn
    usual = [name for name in USUAL if name in told] or told
    known = told if table is None else list({**dict.fromkeys(told), **table.columns})
    names = chosen_names(request.attributes, known, usual if table is None else list(table.columns))
    apart = apart_from(request.preserve, names)
    probe, sample, scored = samples(generator, scorer, table, request)
    found = find_directions(
        generator, scorer, sample, names, scored=scored, apart=apart, confident=request.fit_share,
        held_out=request.held_out, corrections=request.corrections, probes=request.probes, psi=request.psi,
        seed=request.seed, probe=probe,
    )  # fmt: skip
    for line in found.table():
        log.info(line)
    about = {"samples": request.samples, "psi": request.psi, "fit_share": request.fit_share, "seed": request.seed,
             "corrections": request.corrections, "probes": request.probes,
             "samples_from": "pictures" if request.pictures else "seeds"}  # fmt: skip
    axes = principal_directions(styles_of(generator, range(AXES_SAMPLES), request.psi).cpu().numpy(), request.pca)
    found = DirectionSet({**found.directions, **axes}, found.leakage, about)
    return found.tagged(generator_hash(generator))


def found_in_pairs(request: DirectionsRequest) -> DirectionSet:
    """The directions that pairs of pictures tell of."""
    pairs = read_pairs(Path(request.pairs), request.attributes)  # mistakes in a table are told before networks are read
    generator, encoder = load_both(request.generator, request.encoder, "encoder", request.device)
    assert encoder is not None
    found = directions_of_pairs(
        generator, choose_accelerator(request.device), see_pairs(pairs, generator, encoder, build(request.finder)),
        held_out=request.held_out, steps=request.refine_steps,
        sight=embedder_sight(request.device), seed=request.seed,
    )  # fmt: skip
    return found.tagged(generator_hash(generator))


def samples(
    generator: Generator, scorer: Scorer, table: Labels | None, request: DirectionsRequest
) -> tuple[Tensor | None, Sample, Sample | None]:
    """Styles to measure edits on (None: seeds of their own), what planes are fitted to, and the scored among it."""
    if table is None and not request.samples:
        raise UserError("samples=0 needs labels=: there is nothing to find directions from")
    given = None if table is None else labelled(table, generator, request)
    probe = scored = None
    if request.pictures and request.samples:
        apart = request.probes * (1 + request.corrections)
        encoder = encoder_of(request)
        styles = styles_of_pictures(Path(request.pictures), request.samples + apart, generator, encoder, request.seed)
        if len(styles) < 2 * apart:
            raise UserError(f"pictures={request.pictures} holds {len(styles)} pictures; {2 * apart} or more are needed")
        probe, scored = styles[:apart], scored_styles(generator, scorer, styles[apart:])
    elif request.samples:
        scored = draw_sample(generator, scorer, request.samples, request.psi, request.seed)
    if given is None:
        assert scored is not None
        return probe, scored, scored
    return probe, given if scored is None else ranked(given) + ranked(scored), scored


def labelled(table: Labels, generator: Generator, request: DirectionsRequest) -> Sample:
    """The styles of what a table tells of."""
    if table.by == "seed":
        return sample_of_seeds(table, generator, request.psi)
    encoder = encoder_of(request)
    if table.by == "crop":
        return sample_of_crops(table, generator, encoder)
    return sample_of_pictures(table, generator, encoder, build(request.finder))


def encoder_of(request: DirectionsRequest) -> Encoder:
    """The generator's encoder."""
    _, encoder = load_both(request.generator, request.encoder, "encoder", request.device)
    assert encoder is not None
    return encoder


def chosen_names(asked: list[str] | None, known: Sequence[str], usual: Sequence[str]) -> list[str]:
    """The attributes to find directions of. Raises UserError for one that nothing tells of."""
    names = list(dict.fromkeys(asked or usual))
    for name in names:
        if name not in known:
            raise UserError(f"attributes: nothing tells of '{name}' (there are: {', '.join(sorted(known))})")
    return names


def apart_from(asked: Any, names: Sequence[str]) -> dict[str, list[str]]:
    """Which others each edit is to leave alone. Raises UserError for names that are not sought."""
    if asked in ("all", "none"):
        return {name: list(names) if asked == "all" else [] for name in names}
    table = {str(name): [others] if isinstance(others, str) else list(others) for name, others in asked.items()}
    for name in [*table, *(other for others in table.values() for other in others)]:
        if name not in names:
            raise UserError(f"preserve: '{name}' is not among the attributes ({', '.join(names)})")
    return table
