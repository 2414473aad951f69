"""Discovery of directions: sample styles, score images, fit hyperplanes, measure what edits change."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.stylegan.directions.directions import Direction, DirectionSet, move
from faceswap.stylegan.directions.hyperplane import Ends, accuracy, fit_hyperplane, principal, without
from faceswap.stylegan.directions.scoring import Scorer
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.utils.errors import UserError
from faceswap.utils.images import from_signed_range
from faceswap.utils.progress import Progress

log = logging.getLogger(__name__)

BATCH = 32
EDIT_SIGMAS = 2.0  # how far faces are moved when the leakage is measured
PROBE_SEEDS = 1_000_000_000  # on: far from any sample's
FEWEST = 20  # samples of each end that a hyperplane is fitted to
SUREST = 0.1  # share of samples at each end that a hyperplane is also judged by

Columns = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Sample:
    """Styles (N, w_size) with the scores (N,) of their pictures by name; NaN where one is not known."""

    w: NDArray[np.float32]
    scores: Columns

    def __add__(self, other: Sample) -> Sample:
        """Return both samples; a score that only one of them has is unknown in the other."""
        names = [*self.scores, *(name for name in other.scores if name not in self.scores)]
        parts = [[one.scores.get(name, np.full(len(one.w), np.nan)) for one in (self, other)] for name in names]
        scores = {name: np.concatenate(part) for name, part in zip(names, parts, strict=True)}
        return Sample(np.concatenate([self.w, other.w]), scores)


@torch.inference_mode()
def styles_of(generator: Generator, seeds: Sequence[int], psi: float) -> Tensor:
    """Return (len(seeds), w_size): the styles of seeds, drawn towards the average by `psi`."""
    w = torch.cat([generator.mapping(z.to(generator.average)) for z in draw_z(seeds, generator.z_size).split(512)])
    return torch.lerp(generator.average, w, psi)


@torch.inference_mode()
def scores_of(generator: Generator, rows: Tensor, scorer: Scorer, advance: Callable[[int], None]) -> Columns:
    """Return the scores by name (N,) of what the generator draws of rows (N, rows, w_size)."""
    tables = []
    for part in rows.split(BATCH):
        tables.append(scorer(from_signed_range(generator.synthesis(part))))
        advance(len(part))
    return {name: np.concatenate([np.asarray(table[name], np.float64) for table in tables]) for name in tables[0]}


def scorer_names(generator: Generator, scorer: Scorer) -> list[str]:
    """Return the names that a scorer knows, by the average face."""
    rows = generator.spread(generator.average[None])
    return list(scores_of(generator, rows, scorer, lambda count: None))


def draw_sample(generator: Generator, scorer: Scorer, count: int, psi: float = 1.0, seed: int = 0) -> Sample:
    """Return `count` faces of the generator, scored; those of the seeds `seed`, `seed` + 1, ..."""
    return scored_styles(generator, scorer, styles_of(generator, range(seed, seed + count), psi))


def scored_styles(generator: Generator, scorer: Scorer, w: Tensor) -> Sample:
    """Return styles (N, w_size) with the scores of what the generator draws of them."""
    with Progress(len(w), "score faces", "face") as progress:
        scores = scores_of(generator, generator.spread(w), scorer, progress.advance)
    return Sample(w.cpu().numpy(), scores)


def fit_direction(name: str, sample: Sample, *, confident: float, held_out: float, seed: int = 0) -> Direction:
    """Return the hyperplane of one score, as a direction whose step is its normal.

    It is fitted to the lowest and highest `confident` share of the scores and judged on the `held_out` share of the
    sample that it has not seen: on those in the same ends ("confident"), on the outer tenths ("surest"), and on "all",
    split at the middle.

    Raises:
        UserError: A score does not differ or too few faces have it.
    """
    scores = sample.scores[name]
    known = np.flatnonzero(np.isfinite(scores))
    w, scores = sample.w[known], scores[known]
    order = np.random.default_rng(seed).permutation(len(known))
    held, seen = np.split(order, [round(held_out * len(order))])
    try:
        ends = Ends.of(scores[seen], confident)
        chosen = seen[ends.chosen(scores[seen])]
        labels = ends.labels(scores[chosen])
        if min(labels.sum(), (~labels).sum()) < FEWEST:
            raise ValueError(f"only {labels.sum()} faces with it and {(~labels).sum()} without ({FEWEST} are needed)")
        plane = fit_hyperplane(w[chosen], labels)
    except ValueError as error:
        raise UserError(
            f"no direction can be found for '{name}': {error}; take more samples=, pictures or labels"
        ) from error
    surest = held[Ends.of(scores[seen], min(confident, SUREST)).chosen(scores[held])]
    sets = {"surest": surest, "confident": held[ends.chosen(scores[held])], "all": held}
    judged = {kind: accuracy(plane, w[chosen], ends.labels(scores[chosen])) for kind, chosen in sets.items()}
    scale = float(plane.distances(w).std())
    normal = plane.normal.astype(np.float32)
    return Direction(name, normal, normal, scale, plane.intercept, accuracy=judged)


def parted(found: Mapping[str, Direction], w: NDArray, apart: Mapping[str, Sequence[str]]) -> dict[str, Direction]:
    """Return the directions with steps that leave the normals of others alone: those that `apart` names for each."""
    covariance = np.cov(np.asarray(w, np.float64), rowvar=False)
    changed = {}
    for name, direction in found.items():
        others = np.array([found[other].normal for other in apart.get(name, ()) if other != name])
        step = without(direction.normal, others.reshape(-1, direction.w_size), covariance)
        changed[name] = _stepping(direction, step)
    return changed


def _stepping(direction: Direction, step: NDArray) -> Direction:
    """Return the direction with another step; one sigma still raises its own score by one standard deviation."""
    sigma = direction.scale * float(direction.normal @ direction.step)  # of the samples' distances from the plane
    step = step / np.linalg.norm(step)
    gain = float(direction.normal @ step)
    if gain <= 0:
        raise UserError(
            f"no direction for '{direction.name}' is left without the others; leave some out with preserve="
        )
    return dataclasses.replace(direction, step=step.astype(np.float32), scale=sigma / gain)


def effects(
    generator: Generator, scorer: Scorer, found: Sequence[Direction], w: Tensor, sigmas: float = EDIT_SIGMAS
) -> NDArray[np.float64]:
    """Return (D, D): how much an edit by `sigmas` along direction i changes the score j of the faces w (N, w_size).

    The mean over faces of half the difference between an edit up and one down, on pictures that are scored again; in
    the scores' own units.
    """
    rows = generator.spread(w)
    changes = np.zeros((len(found), len(found)))
    with Progress(2 * len(found) * len(w), "measure edits", "face") as progress:
        for i, direction in enumerate(found):
            up, down = (
                scores_of(generator, move(rows, direction, sign * sigmas), scorer, progress.advance)
                for sign in (1.0, -1.0)
            )
            changes[i] = [(up[other.name] - down[other.name]).mean() / 2 for other in found]
    return changes


def corrected(found: Sequence[Direction], leakage: NDArray) -> list[Direction]:
    """Mix the steps so that, to first order, each edit changes its own attribute alone: the measured leakage undone."""
    steps = np.stack([direction.step * direction.scale for direction in found])
    own = np.diag(leakage)[:, None]
    mixed = np.linalg.pinv(leakage / own, rcond=0.05) @ (steps / own)
    return [_stepping(direction, step) for direction, step in zip(found, mixed, strict=True)]


def principal_directions(w: NDArray, count: int) -> dict[str, Direction]:
    """Return the widest axes of a sample (N, w_size): pca1, pca2, ...

    One sigma is the samples' own spread along them.
    """
    axes, spreads = principal(w, count)
    return {
        f"pca{number}": Direction(f"pca{number}", axis, axis, float(spread), -float(axis @ w.mean(0)), source="PCA")
        for number, (axis, spread) in enumerate(zip(axes, spreads, strict=True), 1)
        if spread > 0
    }


def find_directions(
    generator: Generator,
    scorer: Scorer,
    sample: Sample,
    names: Sequence[str],
    *,
    apart: Mapping[str, Sequence[str]],
    scored: Sample | None = None,
    confident: float = 0.3,
    held_out: float = 0.2,
    corrections: int = 1,
    probes: int = 128,
    psi: float = 1.0,
    seed: int = 0,
    probe: Tensor | None = None,
) -> DirectionSet:
    """Return directions for the scores `names` of a sample, with their leakage measured on `probes` other faces.

    Args:
        apart: Which others each one is to leave alone.
        scored: Faces with the scorer's own scores, by whose spread changes are counted (default: the sample); without
            all `names` there nothing is measured.
        corrections: How often the steps are mixed anew by what was measured (each time on other faces; only where every
            direction is to leave all others alone).
        probe: (N, w_size) Styles to measure on, in place of the generator's own of other seeds.
    """
    found = {name: fit_direction(name, sample, confident=confident, held_out=held_out, seed=seed) for name in names}
    order = list(parted(found, sample.w, apart).values())
    scored = sample if scored is None else scored
    told = scorer_names(
        generator, scorer
    )  # edits are measured on new pictures, of which a table of labels says nothing
    if not all(name in told and np.isfinite(scored.scores.get(name, np.nan)).all() for name in names):
        log.warning("what edits change is not measured: no scorer tells of all of %s", ", ".join(names))
        return DirectionSet({direction.name: direction for direction in order})
    spreads = np.array([scored.scores[name].std() for name in names])
    complete = all(set(names) <= {name, *apart.get(name, ())} for name in names)
    leakage: NDArray[np.float64] | None = None
    for turn in range(1 + (corrections if complete and len(names) > 1 else 0)):
        if leakage is not None:
            order = corrected(order, leakage)
        if probe is None:
            start = PROBE_SEEDS + seed + turn * probes
            w = styles_of(generator, range(start, start + probes), psi)
        else:
            w = probe[turn * probes : (turn + 1) * probes]
        leakage = effects(generator, scorer, order, w) / spreads
    assert leakage is not None
    return DirectionSet({direction.name: direction for direction in order}, leakage.astype(np.float32))
