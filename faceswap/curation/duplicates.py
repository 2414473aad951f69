"""Detection of near-duplicates: faces with the light, pose and expression of a sharper one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# How much two faces may differ in each column of `alignment.expressions` and still show the same: degrees, degrees,
# and parts of the crop's width. A blink closes the eyes by 0.02; landmarks tremble by 0.003.
EXPRESSION_LIMITS = (3.0, 3.0, 0.007, 0.010, 0.012, 0.010, 0.012)
# Rows and columns of the eyes in thumbnails of aligned faces: lids and gaze change few pixels, so they count apart.
_EYES = slice(8, 12), slice(6, 26)
_EYES_LIMIT = 1.5  # times the limit of the whole: eyes of one expression differ by 1 to 4 levels, a blink by 6 or more
_BLOCK = 512


def duplicates_of(
    thumbnails: NDArray[np.uint8],
    expressions: NDArray[np.float32],
    blur: NDArray,
    eligible: NDArray[np.bool_],
    limit: float,
) -> NDArray[np.intp]:
    """Return for each of N faces the sharper one that it repeats, -1 for none: (N,).

    Two faces are the same when their `thumbnails` (N, 32, 32) differ by at most `limit` grey levels (root mean square,
    of pictures half as large; their eyes by a little more) and their `expressions` (N, 7) by at most
    EXPRESSION_LIMITS. Going from the sharpest (least `blur` (N,)) on, a face that repeats none before it is kept; so
    each one that is not kept is near a kept one, however long a still scene is. Only `eligible` (N,) bool faces take
    part. Time and memory: N x kept faces, block by block.
    """
    halves = thumbnails.reshape(len(thumbnails), 16, 2, 16, 2).mean((2, 4), dtype=np.float32)
    pictures = (_vectors(halves, limit), _vectors(thumbnails[:, *_EYES], limit * _EYES_LIMIT))
    limits = np.asarray(EXPRESSION_LIMITS, np.float32)
    order = np.flatnonzero(eligible)
    order = order[np.argsort(np.asarray(blur)[order], kind="stable")]
    result = np.full(len(thumbnails), -1, np.intp)
    kept = np.zeros(0, np.intp)
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        before = _first_same(block, kept, pictures, expressions, limits)
        result[block] = np.where(before >= 0, kept[before] if len(kept) else -1, -1)
        fresh = block[before < 0]
        same = _same(fresh, fresh, pictures, expressions, limits)
        own = np.ones(len(fresh), bool)  # kept so far
        for place in range(len(fresh)):
            if own[place]:
                repeats = np.flatnonzero(same[place] & own)
                repeats = repeats[repeats > place]
                own[repeats] = False
                result[fresh[repeats]] = fresh[place]
        kept = np.concatenate([kept, fresh[own]])
    return result


def _first_same(
    block: NDArray, kept: NDArray, pictures: tuple[NDArray, ...], expressions: NDArray, limits: NDArray
) -> NDArray[np.intp]:
    """Return the place in `kept` of the first face that each of `block` repeats, -1 for none."""
    found = np.full(len(block), -1, np.intp)
    for start in range(0, len(kept), 8 * _BLOCK):
        open_ones = np.flatnonzero(found < 0)
        if not len(open_ones):
            break
        same = _same(block[open_ones], kept[start : start + 8 * _BLOCK], pictures, expressions, limits)
        hit = same.any(1)
        found[open_ones[hit]] = start + same[hit].argmax(1)
    return found


def _same(
    a: NDArray, b: NDArray, pictures: tuple[NDArray, ...], expressions: NDArray, limits: NDArray
) -> NDArray[np.bool_]:
    """Return which of the faces `a` show the same as which of `b`: (len(a), len(b))."""
    same = np.ones((len(a), len(b)), bool)
    for vectors in pictures:
        squares = (vectors[a] ** 2).sum(1)[:, None] + (vectors[b] ** 2).sum(1) - 2 * vectors[a] @ vectors[b].T
        same &= squares <= 1.01  # float32 rounds squares of thousands
    for column, most in enumerate(limits):
        if not same.any():
            break
        same &= np.abs(expressions[a, column][:, None] - expressions[b, column]) <= most
    return same


def _vectors(pictures: NDArray, limit: float) -> NDArray[np.float32]:
    """Return pictures (N, H, W) as vectors whose distance is 1 where the pictures differ by `limit` grey levels."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32) - 128
    return flat / np.float32(max(limit, 1e-3) * np.sqrt(flat.shape[1]))
