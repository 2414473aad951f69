"""Small numeric helpers: evenly spread picks, smooth steps, the half cosine, numbers that can be weights."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.limits import WEIGHT_MAGNITUDE

T = TypeVar("T", float, NDArray)


def evenly_spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most `most` of the indices 0 to count - 1, evenly spread, the first and the last among them."""
    return (
        np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.intp))
        if count
        else np.zeros(0, np.intp)
    )


def smoothstep(t: T) -> T:
    """Return 3 t^2 - 2 t^3: from 0 to 1 for `t` in [0, 1], level at both ends."""
    return t * t * (3 - 2 * t)


def half_cosine(share: float) -> float:
    """Return (1 + cos(pi share)) / 2: 1 at a share of 0, falling to 0 at 1 and staying there."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def can_be_weights(values: NDArray) -> bool:
    """Return whether all are numbers, and none is larger than any that training makes; whole ones only count."""
    return values.dtype.kind != "f" or not values.size or float(np.abs(values).max()) <= WEIGHT_MAGNITUDE  # nor is NaN
