"""From the cosine of two embeddings to likeness in per cent, fitted on pairs of which it is known whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NEWTON_STEPS = 50
_PRIOR = 1e-3  # weak, so that pairs which nothing confuses do not drive the slope to infinity


@dataclass(frozen=True)
class Calibration:
    """The logistic curve over cosines, and how alike strangers are (Platt scaling).

    Attributes:
        slope: Of the logit over the cosine.
        offset: Of the logit.
        strangers: Cosines of pairs of different people, at even steps of rank from the least to the most alike.
    """

    slope: float
    offset: float
    strangers: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (self.slope, self.offset, *self.strangers)
        if not np.isfinite(numbers).all() or self.slope <= 0 or len(self.strangers) < 2:
            raise ValueError("a calibration has a rising curve and the cosines of strangers")
        if list(self.strangers) != sorted(self.strangers):
            raise ValueError("the cosines of strangers rise")

    def likeness_percent(self, cosines: NDArray) -> NDArray[np.float64]:
        """Return how likely it is that two faces are one person's, [0, 100], were both answers as likely before."""
        return 100 / (1 + np.exp(-(self.slope * np.asarray(cosines, np.float64) + self.offset)))

    def closer_than_percent(self, cosines: NDArray) -> NDArray[np.float64]:
        """Return the share of pairs of strangers that are less alike, [0, 100]."""
        ranks = np.linspace(0, 100, len(self.strangers))
        return np.interp(np.asarray(cosines, np.float64), self.strangers, ranks)

    def plain(self) -> dict[str, Any]:
        """Return it as values for JSON."""
        return {"slope": self.slope, "offset": self.offset, "strangers": list(self.strangers)}

    @classmethod
    def of_plain(cls, value: Any) -> Calibration:
        """Return the calibration that `plain` has written.

        Raises:
            ValueError: It is none.
        """
        try:
            return cls(float(value["slope"]), float(value["offset"]), tuple(float(v) for v in value["strangers"]))
        except (TypeError, LookupError, OverflowError) as error:
            raise ValueError("its calibration is none") from error


def fit(same: NDArray, different: NDArray, steps: int = 101) -> Calibration:
    """Fit the curve to cosines of pairs of one person and of two people; both kinds weigh the same in all.

    Args:
        same: (M,) cosines of pairs of one person.
        different: (N,) cosines of pairs of two people.
        steps: How many ranks of strangers are kept.

    Raises:
        ValueError: There are no pairs of a kind, or strangers are as alike as people with themselves.
    """
    if not len(same) or not len(different):
        raise ValueError("a calibration needs pairs of one person and pairs of two people")
    x = np.concatenate([same, different]).astype(np.float64)
    y = np.concatenate([np.ones(len(same)), np.zeros(len(different))])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))])
    features = np.stack([x, np.ones_like(x)], 1)
    curve = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        p = 1 / (1 + np.exp(-(features @ curve)))
        gradient = features.T @ (weight * (p - y)) + np.array([_PRIOR * 1e-2 * curve[0], 0])
        hessian = (features * (weight * p * (1 - p))[:, None]).T @ features + np.diag([_PRIOR * 1e-2, 1e-12])
        step = np.linalg.solve(hessian, gradient)
        curve = curve - step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    if not curve[0] > 0:
        raise ValueError("strangers are as alike as people with themselves: nothing can be told")
    ranks = np.quantile(different.astype(np.float64), np.linspace(0, 1, steps))
    return Calibration(float(curve[0]), float(curve[1]), tuple(float(v) for v in np.maximum.accumulate(ranks)))


def calibration_error(calibration: Calibration, same: NDArray, different: NDArray, bins: int = 10) -> float:
    """Return the expected calibration error in per cent points on other pairs (Guo et al. 2017).

    Both kinds of pairs weigh the same.

    Args:
        calibration: What was fitted.
        same: (M,) cosines of pairs of one person.
        different: (N,) cosines of pairs of two people.
        bins: Into how many ranges of likeness the pairs are put.
    """
    told = calibration.likeness_percent(np.concatenate([same, different])) / 100
    truth = np.concatenate([np.ones(len(same)), np.zeros(len(different))])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))])
    place = np.minimum((told * bins).astype(int), bins - 1)
    gaps = [abs(float((weight * (told - truth))[place == one].sum())) for one in range(bins)]
    return 100 * float(sum(gaps))
