"""Directions from pairs of pictures: the step that takes the code of a face before a move to that of the face after it.

The answer is known, so nothing has to be scored: least squares over all factors at once finds the steps that explain
the differences of codes. An encoder overlooks much of what a generator could draw (closed eyes, a smile), so they are
then refined through the generator: what changes in the drawing must be what changes in the picture. Differences are
compared, not pictures: what the code of a face misses is missing before and after.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.engine.accelerator import Accelerator
from faceswap.stylegan.directions.directions import Direction, DirectionSet
from faceswap.stylegan.directions.pair_pictures import SeenPairs, part_of
from faceswap.stylegan.directions.sight import SeenChanges, Sight, equal_weights
from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.utils.errors import UserError
from faceswap.utils.progress import Progress

BATCH = 32
LEARNING_RATE = 0.05  # in spreads of W
STEADY = 0.5  # share of the steps at the full rate; then it falls to nothing
POOLS = (1, 2, 4)  # sides of the squares over whose means changes are compared, too
SAMPLES = 4096  # styles by which W is measured
LEAST_SPREAD = 0.03  # of the widest axis of W
SIGMA = 0.5  # of a factor's usual step: +2 moves a face by as much as the pairs do
MOST_GAIN = 3.0  # how much longer than the fit has it a direction is made
SHORTEST = 1e-6  # step in W that is one
CLEAR = 0.3  # cosine of mean changes from which on their lengths are compared

log = logging.getLogger(__name__)


def directions_of_pairs(
    generator: Generator,
    accelerator: Accelerator,
    seen: SeenPairs,
    *,
    held_out: float,
    steps: int,
    sight: Sight | None = None,
    seed: int = 0,
) -> DirectionSet:
    """Return a direction in W+ for each factor of the pairs; +2 sigmas are the root mean square of its steps.

    Args:
        held_out: Share of the people whose pairs tell how good the directions are, in place of being fitted to.
        steps: Of the refinement through the generator, `BATCH` pairs each; 0: least squares alone.
        sight: By which the refinement compares changes, beside their colours.
    """
    own, others = split_by_people(seen, held_out, seed)
    usual = usual_steps(seen)
    moves = least_squares(own, usual)
    if steps:
        moves = refined(generator, accelerator, own, usual, moves, steps, seed, sight)
    moves = moves * gains(generator, own, usual, moves)[:, None, None]
    told = agreement(generator, others, usual, moves) if others else {}
    for name, share in told.items():
        log.info("%s: with people held out, %.0f %% of drawings change as the picture does", name, 100 * share)
    found = {}
    for name, move in zip(seen.pairs.names, moves.cpu().numpy() * np.float32(SIGMA), strict=True):
        length = float(np.sqrt((move**2).sum() / len(move)))
        if length < SHORTEST:
            raise UserError(f"the encoder sees nothing of '{name}' in these pairs; say refine_steps= above 0")
        middle = -float((move / length * generator.average.cpu().numpy()).sum() / len(move))
        accuracy = {"all": told[name]} if name in told else {}
        found[name] = Direction(name, move, move, length, middle, accuracy=accuracy, source="pairs")
    about = {
        "pairs": len(seen.pairs),
        "people": len(set(seen.pairs.people.tolist())),
        "refine_steps": steps,
        "seed": seed,
        "sigma": {name: round(SIGMA * float(step), 5) for name, step in zip(seen.pairs.names, usual, strict=True)},
    }
    return DirectionSet(found, about=about)


def split_by_people(seen: SeenPairs, held_out: float, seed: int) -> tuple[SeenPairs, SeenPairs | None]:
    """Return the pairs to fit to, and those of other people; None where there are too few people for that."""
    people = np.unique(seen.pairs.people)
    count = round(held_out * len(people))
    if not count or len(people) - count < 1:
        log.warning("pairs of %d people: none are held out to measure by", len(people))
        return seen, None
    chosen = np.random.default_rng(seed).permutation(people)[:count]
    apart = np.isin(seen.pairs.people, chosen)
    if ((seen.pairs.steps[~apart] != 0).sum(0) == 0).any():
        log.warning("a factor is moved for too few people: none are held out to measure by")
        return seen, None
    return part_of(seen, ~apart), part_of(seen, apart)


def usual_steps(seen: SeenPairs) -> NDArray[np.float64]:
    """Return the root mean square of each factor's steps, (K,)."""
    steps = seen.pairs.steps
    return np.sqrt((steps**2).sum(0) / (steps != 0).sum(0))


def least_squares(seen: SeenPairs, usual: NDArray) -> Tensor:
    """Return (K, rows, w_size): what explains the differences of codes best, all factors at once, by usual steps."""
    steps = _steps(seen, usual).double()
    differences = (seen.rows[seen.pairs.after] - seen.rows[seen.pairs.before]).flatten(1).double()
    solved = torch.linalg.lstsq(steps.cpu(), differences.cpu()).solution
    return solved.float().to(seen.rows).unflatten(1, tuple(seen.rows.shape[1:]))


def refined(
    generator: Generator,
    accelerator: Accelerator,
    seen: SeenPairs,
    usual: NDArray,
    moves: Tensor,
    steps: int,
    seed: int,
    sight: Sight | None = None,
) -> Tensor:
    """Return the moves (K, rows, w_size) bettered by what the generator draws of them, in spreads of W.

    Every factor counts alike, however few pixels it changes.
    """
    axes, spreads = axes_of_w(generator)
    whitened = (moves @ axes / spreads).requires_grad_()
    optimizer = torch.optim.Adam([whitened], LEARNING_RATE, betas=(0.9, 0.99))
    unmoved = _drawn(generator, seen.rows)
    true = seen.images[seen.pairs.after] - seen.images[seen.pairs.before]
    weights = equal_weights(true.square().mean((1, 2, 3)), seen.pairs.steps)
    changes = None if sight is None else SeenChanges(sight, seen, unmoved)
    rng = np.random.default_rng(seed)
    with Progress(steps, "refine", "step") as progress:
        for number in range(steps):
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * min(1.0, (1 - number / steps) / (1 - STEADY))
            chosen = rng.integers(0, len(seen.pairs), BATCH)
            sides = seen.pairs.before[chosen], seen.pairs.after[chosen]
            backwards = rng.random(BATCH) < 0.5
            start, end = np.where(backwards, *sides[::-1]), np.where(backwards, *sides)
            signed = _steps(seen, usual)[chosen] * torch.from_numpy(np.where(backwards, -1, 1)).to(seen.rows)[:, None]
            change = torch.einsum("nk,krw->nrw", signed, (whitened * spreads) @ axes.T)
            with accelerator.autocast():
                drawn = generator.synthesis(seen.rows[start] + change, noise="none")
            wrong = (drawn.float() - unmoved[start]) - (seen.images[end] - seen.images[start])
            wrong = wrong * torch.maximum(seen.masks[start], seen.masks[end])
            loss = (pooled_error(wrong) * weights[chosen]).mean()
            if changes is not None:
                loss = loss + (changes.error(drawn.float(), start, end) * changes.weights[chosen]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            progress.advance()
    return ((whitened * spreads) @ axes.T).detach()


def pooled_error(wrong: Tensor) -> Tensor:
    """Return mean squares (N,) of differences (N, 3, R, R) and of their means over small squares.

    So that what is drawn a pixel aside is better than what is not drawn.
    """
    return torch.stack([functional.avg_pool2d(wrong, side).square().mean((1, 2, 3)) for side in POOLS]).mean(0)


def gains(generator: Generator, seen: SeenPairs, usual: NDArray, moves: Tensor) -> Tensor:
    """Return (K,) by how much to lengthen each move so that faces change by as much as the pictures do, on the mean.

    Least squares shortens what it cannot explain: rather no smile than one that is drawn a little beside the true one.
    In the mean over faces, which are aligned, such differences vanish.
    """
    found = []
    for number, true, drawn in _mean_changes(generator, seen, usual, moves):
        match = float(functional.cosine_similarity(true.flatten(), drawn.flatten(), dim=0))
        along = float((true * drawn).sum() / true.square().sum().clamp(min=1e-12))
        found.append(float(np.clip(1 / along, 1 / MOST_GAIN, MOST_GAIN)) if match > CLEAR else 1.0)
        log.info("%s: mean changes agree by %.2f, made %.2f times as long", seen.pairs.names[number], match, found[-1])
    return torch.tensor(found, device=seen.rows.device)


@torch.inference_mode()
def agreement(generator: Generator, seen: SeenPairs, usual: NDArray, moves: Tensor) -> dict[str, float]:
    """Return the share of each factor's pairs whose drawing changes as the picture does: with a positive product."""
    steps = _steps(seen, usual)
    changes = torch.einsum("nk,krw->nrw", steps, moves)
    start, end = seen.pairs.before, seen.pairs.after
    drawn = _drawn(generator, seen.rows[start] + changes) - _drawn(generator, seen.rows[start])
    true = (seen.images[end] - seen.images[start]) * torch.maximum(seen.masks[start], seen.masks[end])
    right = ((drawn * true).sum((1, 2, 3)) > 0).double()
    return {
        name: float(right[steps[:, number] != 0].mean())
        for number, name in enumerate(seen.pairs.names)
        if (steps[:, number] != 0).any()
    }


@torch.inference_mode()
def _mean_changes(
    generator: Generator, seen: SeenPairs, usual: NDArray, moves: Tensor
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yield each factor with the mean change of its pictures and of their drawings by its move, (3, R, R)."""
    steps = _steps(seen, usual)
    for number, move in enumerate(moves):
        chosen = torch.nonzero(steps[:, number])[:, 0].cpu().numpy()
        start, end = seen.pairs.before[chosen], seen.pairs.after[chosen]
        step = steps[chosen, number][:, None, None]
        drawn = _drawn(generator, seen.rows[start] + step * move) - _drawn(generator, seen.rows[start])
        true = (seen.images[end] - seen.images[start]) * torch.maximum(seen.masks[start], seen.masks[end])
        sign = step[..., None].sign()
        yield number, (true * sign).mean(0), (drawn * sign).mean(0)


def _steps(seen: SeenPairs, usual: NDArray) -> Tensor:
    return torch.from_numpy((seen.pairs.steps / usual).astype(np.float32)).to(seen.rows)


@torch.inference_mode()
def _drawn(generator: Generator, rows: Tensor) -> Tensor:
    drawn = [generator.synthesis(part, noise="none") for part in rows.split(BATCH)]
    return torch.cat(drawn).float().clone()


@torch.no_grad()
def axes_of_w(generator: Generator) -> tuple[Tensor, Tensor]:
    """Return the axes of W (w_size, w_size) in columns, widest first, and its spreads along them."""
    z = draw_z(range(SAMPLES), generator.z_size).to(generator.average)
    w = torch.cat([generator.mapping(part) for part in z.split(512)])
    variances, axes = torch.linalg.eigh((w - w.mean(0)).double().T.cov())
    spreads = variances.clamp(min=0).sqrt().flip(0).float()
    return axes.flip(1).float().contiguous(), spreads.clamp(min=LEAST_SPREAD * float(spreads[0]) + 1e-12)
