"""The report of all metrics of a generator, with confidence intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from faceswap.facenets.attributes import SHARES
from faceswap.stylegan.directions.directions import DirectionSet
from faceswap.stylegan.directions.discovery import draw_sample, styles_of
from faceswap.stylegan.directions.scoring import Scorer
from faceswap.stylegan.metrics.confidence import bootstrap
from faceswap.stylegan.metrics.consistency import LEC_SIGMAS, edit_consistency
from faceswap.stylegan.metrics.path_length import Distance, PathSteps, Space, Where, kept_mean, path_lengths
from faceswap.stylegan.metrics.separability import separability
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.utils.errors import UserError
from faceswap.utils.limits import KEPT_PICTURES_BYTES, TABLE_BYTES, check_size
from faceswap.utils.untrusted.reading import read_json

KINDS: tuple[tuple[Space, Where], ...] = (("z", "full"), ("w", "full"), ("z", "end"), ("w", "end"))
# Of FFHQ at 1024 px, from the READMEs of StyleGAN and StyleGAN2 (config F), by LPIPS-VGG of the cropped face: nothing
# else compares with them. Separability was measured with 40 classifiers of CelebA, which nobody has here.
PUBLISHED = {"z full": (665, 348), "w full": (233, 127), "z end": (666, 349), "w end": (197, 129)}
PUBLISHED_PX = 1024
_INVERSION_COLUMNS = ("pixels", "perceptual", "identity", "loss", "seconds", "steps")

Report = dict[str, dict[str, Any]]


def measure_path_length(
    generator: Generator, distance: Distance, space: Space, where: Where, steps: PathSteps
) -> dict[str, Any]:
    """Return the path length of one of KINDS."""
    return bootstrap(path_lengths(generator, distance, space, where, steps), kept_mean).as_json()


def measure_separability(generator: Generator, scorer: Scorer, samples: int, seed: int) -> Report:
    """Measure the separability of z and w: exp(sum of entropies) held out, as published, and nats per attribute."""
    sample = draw_sample(generator, scorer, samples, seed=seed)
    z = draw_z(range(seed, seed + samples), generator.z_size).numpy()
    found = {}
    for space, codes in (("z", z), ("w", sample.w)):
        known = {name: column for name, column in sample.scores.items() if name in SHARES or np.ptp(column) > 0}
        try:
            result = separability(codes, known, seed)
        except ValueError as error:
            raise UserError(f"separability cannot be measured: {error}; take more samples=") from error
        found[space] = result.held_out.as_json() | {
            "as_published_code": result.as_published,
            "nats_an_attribute": float(np.mean(list(result.entropies.values()))),
            "nats": {name: round(value, 4) for name, value in result.entropies.items()},
        }
    return found


def measure_consistency(
    generator: Generator, encoder: Encoder, directions: DirectionSet, faces: int, seed: int
) -> Report:
    """Return LEC of each direction on faces of the generator, and what encoding again costs without an edit.

    In root mean square spreads of w: 1 is as far as two faces' codes typically are from the average.
    """
    check_size(f"faces={faces}", faces * 3 * generator.resolution**2 * 4, KEPT_PICTURES_BYTES)
    w = styles_of(generator, range(seed, seed + faces), 1.0)
    images = _drawn(generator, w)
    spread = float((w - generator.average).square().sum(1).mean().sqrt())
    found: Report = {}
    for name, direction in directions.directions.items():
        if not found:
            again = edit_consistency(generator, encoder, images, direction, 0.0)
            found["no edit"] = bootstrap(again / spread).as_json()
        edited = edit_consistency(generator, encoder, images, direction, LEC_SIGMAS)
        found[name] = bootstrap(edited / spread).as_json()
    return found


def measure_inversions(path: str | Path) -> Report:
    """Return means of the table that `python -m faceswap.invert` wrote.

    Raises:
        UserError: It is none.
    """
    path = Path(path)
    try:
        table = read_json(path, TABLE_BYTES)
        columns = {
            name: np.array([float(row[name]) for row in table]) for name in _INVERSION_COLUMNS if name in table[0]
        }
        if not columns or not all(np.isfinite(column).all() for column in columns.values()):
            raise ValueError("no numbers")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UserError(
            f"cannot read the inversions {path} ({type(error).__name__}): write them with "
            "python -m faceswap.invert photo=FOLDER"
        ) from error
    return {name: bootstrap(column).as_json() for name, column in columns.items()}


def report_lines(report: Mapping[str, Report], is_as_published: bool = False) -> Iterator[str]:
    """Yield the report as text.

    Args:
        is_as_published: Path lengths were measured as the published ones: these stand beside.
    """
    for measure, table in report.items():
        beside = is_as_published and measure == "path_length"
        heads = "   of FFHQ: StyleGAN, StyleGAN2" if beside else ""
        yield f"{measure.replace('_', ' '):24} {'value':>12} {'95 % interval':>24}{heads}"
        for name, row in table.items():
            interval = f"{row['low']:.4g} to {row['high']:.4g}"
            others = " ".join(f"{value:>10g}" for value in PUBLISHED.get(name, ())) if beside else ""
            yield f"  {name:22} {row['value']:>12.4g} {interval:>24}     {others}".rstrip()
        if measure == "separability":
            for space, row in table.items():
                yield f"  {space + ', nats an attribute':22} {row['nats_an_attribute']:>12.3f}"


@torch.inference_mode()
def _drawn(generator: Generator, w: Tensor) -> Tensor:
    rows = generator.spread(w)
    return torch.cat([generator.synthesis(part).clamp(-1, 1) for part in rows.split(32)])
