"""Hyperplanes in latent space by logistic regression, and conditioning of directions on others.

Faces with and without an attribute lie on two sides of a hyperplane of W; its normal is the way from one to the other
(Shen et al. 2020, "Interpreting the Latent Space of GANs for Semantic Face Editing").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

RIDGE = 1e-3  # of the standardised weights; keeps the fit finite where the two sides part completely
_MOST_STEPS = 2000

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Hyperplane:
    """`normal` (D,), a unit vector; `normal @ x + intercept`, signed distances, are positive on the "more" side."""

    normal: Array
    intercept: float

    def distances(self, points: NDArray) -> Array:
        """Return signed distances (N,) of points (N, D)."""
        return np.asarray(points, np.float64) @ self.normal + self.intercept


def fit_hyperplane(points: NDArray, labels: NDArray, ridge: float = RIDGE) -> Hyperplane:
    """Return the hyperplane that parts points (N, D) with true labels (N,) from the others.

    L2-regularised logistic regression on standardised coordinates (so that a coordinate's unit does not matter).

    Raises:
        ValueError: All labels are the same.
    """
    values, truth = np.asarray(points, np.float64), np.asarray(labels, bool)
    if truth.all() or not truth.any():
        raise ValueError("all labels are the same: there is nothing to part")
    mean, spread = values.mean(0), values.std(0)
    spread[spread < 1e-9 * max(spread.max(), 1e-30)] = np.inf  # a coordinate that never changes tells nothing
    # Both sides weigh the same, however many there are of each.
    weights = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    slopes, bias = _logistic((values - mean) / spread, truth.astype(np.float64), weights, ridge)
    slopes = slopes / spread
    length = float(np.linalg.norm(slopes))
    if length == 0:
        raise ValueError("the points do not differ: there is nothing to part")
    return Hyperplane(slopes / length, (bias - float(slopes @ mean)) / length)


def _logistic(values: Array, truth: Array, weights: Array, ridge: float) -> tuple[Array, float]:
    """Return slopes (D,) and bias that minimise the weighted mean log loss + ridge / 2 |slopes|^2."""
    extended = np.hstack([values, np.ones((len(values), 1))])
    penalty = np.append(np.full(values.shape[1], ridge), 1e-9)

    def loss(found: Array) -> tuple[float, Array]:
        scores = extended @ found
        slope = extended.T @ (weights * (expit(scores) - truth)) / len(values) + penalty * found
        log_loss = float((weights * (np.logaddexp(0, scores) - truth * scores)).mean())
        return log_loss + 0.5 * float(penalty @ found**2), slope

    limits = {"maxiter": _MOST_STEPS, "gtol": 1e-7, "ftol": 0}
    found = minimize(loss, np.zeros(len(penalty)), jac=True, method="L-BFGS-B", options=limits).x
    return found[:-1], float(found[-1])


@dataclass(frozen=True, eq=False)
class Ends:
    """Which of the scores are most surely low and high: those beyond `low` and `high`."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, scores: NDArray, share: float) -> Ends:
        """Return the lowest and the highest `share` of the scores (N,), in (0, 0.5].

        Raises:
            ValueError: None differ.
        """
        low, middle, high = (float(value) for value in np.quantile(scores, (share, 0.5, 1 - share)))
        least, most = float(np.min(scores)), float(np.max(scores))
        if not least < most:
            raise ValueError("its scores do not differ")
        if middle in (least, most):  # labels of two values: the middle lies between them, wherever the median falls
            middle = (least + most) / 2
        if low >= high:  # one of them is rarer than `share`: all samples count
            low = high = middle
        return cls(low, middle, high)

    def chosen(self, scores: NDArray) -> NDArray[np.bool_]:
        """Return (N,): which samples lie in one of the ends."""
        return (scores <= self.low) | (scores >= self.high)

    def labels(self, scores: NDArray) -> NDArray[np.bool_]:
        """Return (N,): which lie above the middle."""
        return np.asarray(scores) > self.middle


def accuracy(plane: Hyperplane, points: NDArray, labels: NDArray) -> float:
    """Return the share of points (N, D) on the side that their labels (N,) say; both sides count the same."""
    right = (plane.distances(points) > 0) == labels
    sides = [right[labels == side] for side in (True, False) if (labels == side).any()]
    return float(np.mean([side.mean() for side in sides])) if sides else float("nan")


def without(direction: NDArray, others: NDArray, covariance: NDArray | None = None) -> Array:
    """Return `direction` (D,) changed as little as possible to leave the normals `others` (K, D) alone.

    Conditional manipulation (Shen et al. 2020): the direction less its part in the span of the others. With the
    `covariance` (D, D) of samples, "as little as possible" is counted in their spreads, and the direction first turned
    to where faces really differ that way (covariance @ normal): the edit stays among faces the generator knows. Length
    1.

    Raises:
        ValueError: Nothing is left.
    """
    metric = np.eye(len(direction)) if covariance is None else np.asarray(covariance, np.float64)
    normals = np.asarray(others, np.float64).reshape(-1, len(direction))
    turned = metric @ np.asarray(direction, np.float64)
    before = float(np.linalg.norm(turned))
    if len(normals):
        spans = metric @ normals.T  # (D, K)
        turned = turned - spans @ np.linalg.lstsq(normals @ spans, normals @ turned, rcond=None)[0]
    length = float(np.linalg.norm(turned))
    if not length > 1e-9 * before:
        raise ValueError("nothing of the direction is left without the others")
    return turned / length


def principal(points: NDArray, count: int) -> tuple[Array, Array]:
    """Return the `count` widest axes (count, D) of points (N, D) and the standard deviations (count,) along them.

    GANSpace (Härkönen et al. 2020): unsupervised directions. The sign is chosen so that the largest number is positive.
    """
    values = np.asarray(points, np.float64)
    variances, axes = np.linalg.eigh(np.cov(values, rowvar=False))
    axes = axes.T[::-1][:count]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(1)]
    return axes * np.sign(largest)[:, None], np.sqrt(np.maximum(variances[::-1][:count], 0))
