"""What `python -m faceswap.stylegan.metrics` measures: path lengths, separability, edit consistency, inversions."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

from faceswap.cli.results import result_of
from faceswap.config.exploring import MetricsRequest
from faceswap.stylegan.directions.directions import load_directions
from faceswap.stylegan.directions.scoring import AttributeScorer
from faceswap.stylegan.inversion.lpips import EmbedderDistance, VggLpips
from faceswap.stylegan.inversion.pipeline import load_both
from faceswap.stylegan.metrics import report as measuring
from faceswap.stylegan.metrics.measurement_cache import Measurements
from faceswap.stylegan.metrics.path_length import Distance, PathSteps
from faceswap.stylegan.metrics.report import measure_consistency
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.weights.files import generator_hash, load_generator
from faceswap.utils.devices import choose_device
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json

log = logging.getLogger(__name__)


def write_metrics(request: MetricsRequest) -> Path:
    """Measure a generator, log a table and return the report's path."""
    chosen = request.measures or []
    result = result_of("stylegan.metrics", request, "metrics", ".json")
    generator = load_generator(request.generator or None).to(choose_device(request.device))
    measured = Measurements(result.path, {**result.record, "generator": generator_hash(generator)})
    report: dict[str, Any] = {}
    if not chosen or "path_length" in chosen:
        distance = distance_from(request)
        steps = PathSteps(request.pairs, request.crop, batch_size=request.batch_size, seed=request.seed)
        report["path_length"] = {
            f"{space} {where}": measured(
                f"path length {space} {where}",
                partial(measuring.measure_path_length, generator, distance, space, where, steps),
            )
            for space, where in measuring.KINDS
        }
    if not chosen or "separability" in chosen:
        scorer = AttributeScorer(request.device)
        report["separability"] = measured(
            "separability", partial(measuring.measure_separability, generator, scorer, request.samples, request.seed)
        )
    if not chosen or "consistency" in chosen:
        report |= measured("consistency", partial(consistency, generator, request, bool(chosen)))
    if request.inversions or "inversion" in chosen:
        report["inversion"] = measuring.measure_inversions(request.inversions)
    is_as_published = bool(request.vgg) and request.crop and generator.resolution == measuring.PUBLISHED_PX
    for line in measuring.report_lines(report, is_as_published):
        log.info(line)
    eyes = (
        "LPIPS (VGG16)" if request.vgg else "features of the built-in face embedder: no figure to compare with others'"
    )
    about = {
        "generator": generator_hash(generator),
        "resolution": generator.resolution,
        "distance": eyes,
        "crop": request.crop,
        "seed": request.seed,
    }
    write_json(result.path, {"about": about, **report})
    measured.forget()
    return result.note()


def consistency(generator: Generator, request: MetricsRequest, is_asked: bool) -> dict[str, Any]:
    """Edit consistency; nothing where an encoder or directions are missing, unless it was asked for."""
    try:
        _, encoder = load_both(request.generator, request.encoder, "encoder", request.device)
        known = load_directions(request.directions or None).only_for(generator_hash(generator))
    except UserError as error:
        if is_asked:
            raise
        log.info("edit consistency is not measured: %s", error)
        return {}
    assert encoder is not None
    return {"consistency": measure_consistency(generator, encoder, known, request.faces, request.seed)}


def distance_from(request: MetricsRequest) -> Distance:
    """Return what compares pictures.

    Raises:
        UserError: One of LPIPS's two files is missing.
    """
    if bool(request.vgg) != bool(request.lpips):
        raise UserError("LPIPS needs both: vgg= (torchvision's vgg16) and lpips= (its own weights of the channels)")
    if request.vgg:
        return VggLpips.load(request.vgg, request.lpips).to(choose_device(request.device))
    return EmbedderDistance(request.device)
