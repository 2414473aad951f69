"""A bank of painted hands and arms for scenes: skin that is no face, and that comes before faces."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tools.train_eyes.hands import add_hand
from tools.train_eyes.relief import coverage_of, empty, shade

HANDS, SIDE_PX = 96, 128  # how many are painted, once, and their pictures' side


@cache
def _bank() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    """Return brightness around 1 and cover in [0, 1], (S, S) each, of every hand."""
    rng = np.random.default_rng(0)
    hands = []
    for _ in range(HANDS):
        field = empty(SIDE_PX)
        length = SIDE_PX * rng.uniform(0.5, 0.8)
        for _ in range(2 if rng.random() < 0.2 else 1):  # now and then a pair, clasped
            add_hand(field, SIDE_PX * rng.uniform(0.4, 0.6, 2), length, rng)
        hands.append((shade(field, rng, rng.uniform(0.6, 1.6))[..., 0], coverage_of(field)))
    return tuple(hands)


def painted_hand(skin: NDArray, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return (S, S, 4) uint8 RGB and alpha of a hand in the colour `skin` (3,)."""
    brightness, cover = _bank()[int(rng.integers(HANDS))]
    pixels = np.empty((*cover.shape, 4), np.uint8)
    pixels[..., :3] = np.clip(brightness[..., None] * np.asarray(skin, np.float32), 0, 255)
    pixels[..., 3] = 255 * cover
    return pixels
