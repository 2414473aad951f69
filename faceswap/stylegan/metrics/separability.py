"""Linear separability of attributes in latent space.

Karras et al. 2019, section 4.2: exp of the sum of conditional entropies H(Y|X), Y the attribute, X the side of the
plane. Their code scores each classifier on the points it was fitted to; with 512 numbers a code and few samples even
random labels then look separable. Here each sample is judged by a classifier that has not seen it; the other figure is
given beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap.stylegan.directions.hyperplane import fit_hyperplane
from faceswap.stylegan.metrics.confidence import Measured, bootstrap

SURE_SHARE = 0.5  # of the samples: those whose attribute is the surest
FOLDS = 2
FEWEST = 10  # samples of each kind


@dataclass(frozen=True, eq=False)
class Separability:
    """Conditional entropies in nats by attribute, on held-out samples and on those that were fitted."""

    entropies: Mapping[str, float]
    fitted: Mapping[str, float]
    held_out: Measured  # exp(sum of entropies)
    as_published: float  # exp(sum of `fitted`)


def conditional_entropy(truth: NDArray, said: NDArray) -> float:
    """Return H(truth | said) in nats of two (N,) boolean arrays.

    0 where one tells the other, ln 2 where it tells nothing.
    """
    truth, said = np.asarray(truth, bool), np.asarray(said, bool)
    entropy = 0.0
    for side in (False, True):
        here = truth[said == side]
        for share in (here.mean(), 1 - here.mean()) if len(here) else ():
            if share > 0:
                entropy -= len(here) / len(truth) * share * np.log(share)
    return float(entropy)


def most_certain(scores: NDArray, share: float = SURE_SHARE) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Place of the samples whose attribute is the surest, and their labels.

    Log-odds and numbers alike: above or below the middle, the farther the surer; the middle is 0 where both signs
    occur (log-odds), else the median.
    """
    middle = 0.0 if scores.min() < 0 < scores.max() else float(np.median(scores))
    order = np.argsort(-np.abs(scores - middle), kind="stable")[: max(1, round(share * len(scores)))]
    return order, scores[order] > middle


def separability(codes: NDArray, scores: Mapping[str, NDArray], seed: int = 0) -> Separability:
    """Measure the separability of codes (N, D) by their pictures' scores (N,); rare attributes are left out.

    Raises:
        ValueError: All are.
    """
    held, fitted, answers = {}, {}, []
    for name, column in scores.items():
        places, truth = most_certain(np.asarray(column))
        if min(truth.sum(), (~truth).sum()) < FEWEST * FOLDS:
            continue
        said, said_of_fitted = _said(np.asarray(codes, np.float64)[places], truth, seed)
        held[name] = conditional_entropy(truth, said)
        fitted[name] = conditional_entropy(truth, said_of_fitted)
        answers.append(np.stack([truth, said], 1))
    if not held:
        raise ValueError("no attribute occurs often enough")
    # all attributes keep equally many samples, so one draw resamples them together
    table = np.stack(answers, 1)

    def total(drawn: NDArray) -> float:
        return float(np.exp(sum(conditional_entropy(*drawn[:, place].T) for place in range(drawn.shape[1]))))

    return Separability(held, fitted, bootstrap(table, total, 200, seed), float(np.exp(sum(fitted.values()))))


def _said(points: NDArray, truth: NDArray, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what classifiers say of each sample: those that have not seen it, and one that was fitted to all."""
    fold = np.random.default_rng(seed).permutation(len(points)) % FOLDS
    said = np.zeros(len(points), bool)
    for number in range(FOLDS):
        held = fold == number
        if truth[~held].any() and not truth[~held].all():
            said[held] = fit_hyperplane(points[~held], truth[~held]).distances(points[held]) > 0
    return said, fit_hyperplane(points, truth).distances(points) > 0
