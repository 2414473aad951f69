"""Light of coded values: what a film's transfer function (H.273) means, for pictures of light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.stored_picture import screen_to_light

PQ, HLG = 16, 18
_WHITE_NITS = 100.0  # what 1 means in the light of PQ, as compositing programs read it
_HLG_WHITE = 12.0  # of its scene light, from 0 to 12, at full code; 1 is at half code


def to_light(values: NDArray[np.float32], transfer: int) -> NDArray[np.float32]:
    """Return light, 1 for the white of an ordinary screen, of R'G'B' in [0, 1].

    PQ (SMPTE ST 2084) becomes the light of the screen in units of 100 cd/m2, HLG (BT.2100, inverse OETF) that of the
    scene with 1 at half code, everything else is decoded as sRGB.
    """
    if transfer == PQ:
        return _pq_to_nits(values) / np.float32(_WHITE_NITS)
    if transfer == HLG:
        return _hlg_to_scene(values)
    return screen_to_light(np.maximum(values, 0))


def _pq_to_nits(values: NDArray[np.float32]) -> NDArray[np.float32]:
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = np.clip(values, 0, 1).astype(np.float64) ** (1 / m2)
    return (10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)).astype(np.float32)


def _hlg_to_scene(values: NDArray[np.float32]) -> NDArray[np.float32]:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = np.clip(values, 0, 1).astype(np.float64)
    light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return (light * _HLG_WHITE).astype(np.float32)
