"""Upright views of training faces, placed as imprecise landmarks would place them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import compose
from faceswap.facenets.views import frame_to_view_for


def jittered_view(
    points: NDArray, coverage: float, resolution_px: int, rng: np.random.Generator, mild: bool = False
) -> NDArray[np.float64]:
    """Return the (2, 3) map from a picture to a view of the face with `points` (68, 2), turned.

    Scaled and moved by chance.

    Landmarks err by some 3 % of the face; a `mild` jitter is about that, the usual one twice as much.
    """
    strength = 0.5 if mild else 1.0
    turn, zoom, shift = rng.normal(0, [5.0 * strength, 0.05 * strength, 0.02 * strength])
    angle = np.radians(np.clip(turn, -15, 15))
    scale = np.exp(np.clip(zoom, -0.15, 0.15))
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.full(2, (resolution_px - 1) / 2)
    away = np.array([shift, rng.normal(0, 0.02 * strength)]).clip(-0.06, 0.06) * resolution_px
    return compose(
        np.hstack([linear, (middle + away - linear @ middle)[:, None]]),
        frame_to_view_for(points, coverage, resolution_px),
    )
