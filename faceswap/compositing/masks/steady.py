"""What masks see of a film, steadied by the frames before and after: no lag, and a hand passes at once."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.kept import KeptParts
from faceswap.compositing.masks.layers import Layers
from faceswap.compositing.masks.parsed import CHANGE, ParsedMask
from faceswap.compositing.masks.protocol import Mask

KEPT = 0.5  # share of what neighbouring frames say of parts that stay as filmed


def without_memory(mask: Mask) -> Mask:
    """Return a mask that holds nothing of past frames: those to both sides steady it afterwards (`steadied`)."""
    if isinstance(mask, Layers):
        return Layers([without_memory(one) for one in mask.masks], mask.join)
    if isinstance(mask, ParsedMask):
        mask = copy.copy(mask)
        object.__setattr__(mask, "steady", 0.0)  # masks are frozen
    return mask


def steady_shares(mask: Mask) -> list[float]:
    """Return how much neighbouring frames count in each picture that `free` gives of a mask, from 0 to below 1."""
    if isinstance(mask, Layers):
        return [share for one in mask.masks for share in steady_shares(one)]
    if isinstance(mask, ParsedMask):
        return [mask.steady]
    return [KEPT if isinstance(mask, KeptParts) else 0.0]


def steadied(seen: Sequence[NDArray], now: int, shares: Sequence[float]) -> NDArray[np.float32]:
    """Return what a mask sees of a face in one frame, averaged with the frames around it where these differ little.

    A small change is noise, a large one a hand: a bilateral filter in time (Tomasi and Manduchi 1998).

    Args:
        seen: What `free` gave of one track in consecutive frames, each (M, M), or (K, M, M) of several masks.
        now: Which of them is meant.
        shares: How much a neighbour counts in each of the K; the one after that counts the square of it.
    """
    here = seen[now] if seen[now].ndim == 3 else seen[now][None]
    result = here.copy()
    for layer, share in enumerate(shares):
        if share == 0:
            continue
        weights = np.ones_like(here[layer])
        for place, other in enumerate(seen):
            if place == now or other.shape != seen[now].shape:
                continue
            there = other[layer] if other.ndim == 3 else other
            weight = np.float32(share ** abs(place - now)) * np.clip(1 - np.abs(there - here[layer]) / CHANGE, 0, 1)
            result[layer] += weight * there
            weights += weight
        result[layer] /= weights
    return result if seen[now].ndim == 3 else result[0]
