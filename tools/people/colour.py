"""Linear RGB colours as plain tuples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

Rgb = tuple[float, float, float]


def luma(colour: ArrayLike) -> float:
    """Return brightness of a linear RGB colour."""
    return float(np.dot(colour, (0.2126, 0.7152, 0.0722)))


def rgb(values: ArrayLike) -> Rgb:
    """Return three plain floats."""
    red, green, blue = (float(value) for value in np.asarray(values))
    return red, green, blue
