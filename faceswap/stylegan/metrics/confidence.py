"""Bootstrap confidence intervals of measured numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLINGS = 1000


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % confidence interval, from `count` samples."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g})"

    def as_json(self) -> dict[str, float]:
        """Return plain values for a report."""
        return {"value": self.value, "low": self.low, "high": self.high, "samples": self.count}


def bootstrap(
    samples: NDArray, statistic: Callable[[NDArray], float] = np.mean, resamplings: int = RESAMPLINGS, seed: int = 0
) -> Measured:
    """Return `statistic` of samples (N, ...) and the percentile interval of its values on samples drawn anew from them.

    Efron 1979. Raises ValueError without a sample.
    """
    if not len(samples):
        raise ValueError("nothing was measured")
    rng = np.random.default_rng(seed)
    values = [float(statistic(samples[rng.integers(len(samples), size=len(samples))])) for _ in range(resamplings)]
    low, high = np.quantile(values, (0.025, 0.975))
    return Measured(float(statistic(samples)), float(low), float(high), len(samples))
