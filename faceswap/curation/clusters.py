"""Clustering of faces by person: tracks first, then tracks with similar embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.track.tracker import overlap

_BLOCK_VALUES = 1 << 24  # similarities held at once
_LEAST_PART = 5  # faces on each side of a change of person within a track
_CHANGE = 0.6  # of the threshold: below it the two parts of a track are two people
_CROWD = 100  # faces a frame, above which nobody checks who stands beside whom


def people_of(
    records: Sequence[FaceRecord], embeddings: NDArray[np.float32] | None, likeness: float
) -> NDArray[np.intp]:
    """Return the person of each of N faces: (N,) numbers from 1, the one with most faces first.

    Faces of one track are one person's, unless their `embeddings` (N, 128) show that the track went over to somebody
    else. Tracks are joined by average linkage while their mean likeness (cosine) is at least `likeness`; two that are
    seen in one frame at different places are never joined. Without embeddings each track stands for itself.
    """
    parts = _track_parts(records, embeddings, likeness)
    if embeddings is None:
        return _by_size(parts)
    sums = np.zeros((parts.max() + 1, embeddings.shape[1]), np.float32)
    np.add.at(sums, parts, embeddings)
    means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    joined = join_alike(means, np.bincount(parts).astype(np.float32), _seen_together(records, parts), likeness)
    return _by_size(joined[parts])


def join_alike(
    vectors: NDArray[np.float32], weights: NDArray[np.float32], apart: NDArray[np.intp], threshold: float
) -> NDArray[np.intp]:
    """Average linkage of M unit vectors (M, D) down to the mean cosine `threshold`: the cluster (M,) of each.

    `weights` (M,) count in the means; pairs `apart` (K, 2) never come together. Average linkage is reducible: pairs
    that are each other's nearest can be merged all at once, and a cluster without a neighbour above the threshold
    never gets one. Small ones that are nearest to one of a pair follow it in the same round, where they fit it: else a
    large cluster would take in its last ones singly. So a few rounds of block-wise products do.
    """
    # Equal vectors would all point to one neighbour and merge one a round: tiny random extra axes tell them apart.
    extra = np.random.default_rng(0).standard_normal((len(vectors), 8)).astype(np.float32) * 1e-3
    means, weights = np.hstack([vectors, extra]), weights.copy()
    cluster = np.arange(len(vectors))
    active = np.arange(len(vectors))
    while len(active) > 1:
        forbidden = _within(active, cluster[apart], len(vectors))
        nearest, value = _nearest(means[active], forbidden)
        mutual = nearest[nearest] == np.arange(len(active))
        first = np.flatnonzero(mutual & (value >= threshold) & (np.arange(len(active)) < nearest))
        if not len(first):
            best = int(value.argmax())
            if value[best] < threshold:
                break
            first = np.array([best])  # rounding hid that they are mutual
        target = np.arange(len(vectors))
        _merge(means, weights, active[nearest[first]], active[first])
        target[active[nearest[first]]] = active[first]
        followers, into = _followers(active, nearest, value >= threshold, first, forbidden)
        alike = (means[followers] * means[into]).sum(1) >= threshold
        small = weights[followers] <= weights[into]
        followers, into = followers[alike & small], into[alike & small]
        _merge(means, weights, followers, into)
        target[followers] = into
        cluster = target[cluster]
        active = active[(value >= threshold) & (target[active] == active)]
    return cluster


def _nearest(means: NDArray[np.float32], forbidden: NDArray) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the most alike other one of each mean and their likeness; the pairs `forbidden` (K, 2) do not count."""
    count = len(means)
    nearest, value = np.zeros(count, np.intp), np.zeros(count, np.float32)
    rows = max(1, _BLOCK_VALUES // count)
    for start in range(0, count, rows):
        likeness = means[start : start + rows] @ means.T
        here = np.arange(len(likeness))
        likeness[here, start + here] = -2
        pairs = forbidden[(forbidden[:, 0] >= start) & (forbidden[:, 0] < start + rows)]
        likeness[pairs[:, 0] - start, pairs[:, 1]] = -2
        nearest[start : start + rows] = likeness.argmax(1)
        value[start : start + rows] = likeness[here, nearest[start : start + rows]]
    return nearest, value


def _merge(means: NDArray[np.float32], weights: NDArray[np.float32], gone: NDArray, into: NDArray) -> None:
    """Add the clusters `gone` (K,) to those in `into` (K,), which may name one several times; in place."""
    totals = weights.copy()
    np.add.at(totals, into, weights[gone])
    changed = np.unique(into)
    means[changed] *= weights[changed, None]
    np.add.at(means, into, means[gone] * weights[gone, None])
    means[changed] /= totals[changed, None]
    weights[:] = totals


def _followers(
    active: NDArray, nearest: NDArray, is_alike: NDArray[np.bool_], first: NDArray, forbidden: NDArray
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return clusters that are nearest to one of a merged pair, and the pair of each.

    Those with a forbidden pair wait.
    """
    pair = np.full(len(active), -1)
    pair[first], pair[nearest[first]] = first, first
    free = (pair < 0) & is_alike & (pair[nearest] >= 0)
    free[forbidden.ravel()] = False
    chosen = np.flatnonzero(free)
    return active[chosen], active[pair[nearest[chosen]]]


def _within(active: NDArray, pairs: NDArray, count: int) -> NDArray:
    """Return pairs of clusters, both ways, as places in `active`; those of others are left out."""
    place = np.full(count, -1)
    place[active] = np.arange(len(active))
    local = place[pairs].reshape(-1, 2)
    local = local[(local >= 0).all(1)]
    return np.unique(np.concatenate([local, local[:, ::-1]]), axis=0) if len(local) else local


def _track_parts(
    records: Sequence[FaceRecord], embeddings: NDArray[np.float32] | None, likeness: float
) -> NDArray[np.intp]:
    """Return a number (N,) for each track, or part of one that changes its person.

    Faces without a track stand alone.
    """
    tracks: dict[int, list[int]] = {}
    for index, record in enumerate(records):
        tracks.setdefault(record.track if record.track >= 0 else -1 - index, []).append(index)
    parts = np.zeros(len(records), np.intp)
    number = 0
    for members in tracks.values():
        ordered = np.array(sorted(members, key=lambda i: records[i].frame), np.intp)
        for part in [ordered] if embeddings is None else _split(ordered, embeddings, _CHANGE * likeness):
            parts[part] = number
            number += 1
    return parts


def _split(members: NDArray[np.intp], embeddings: NDArray[np.float32], limit: float) -> list[NDArray[np.intp]]:
    """Cut a track where the faces before and after are least alike, again and again while that is below `limit`."""
    done, waiting = [], [members]
    while waiting:
        part = waiting.pop()
        if len(part) < 2 * _LEAST_PART:
            done.append(part)
            continue
        sums = np.cumsum(embeddings[part], axis=0, dtype=np.float64)
        before = sums[_LEAST_PART - 1 : -_LEAST_PART]
        after = sums[-1] - before
        lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        alike = (before * after).sum(1) / np.maximum(lengths, 1e-9)
        alike[lengths < 1e-9] = 1.0  # nothing could be read
        place = int(alike.argmin())
        if alike[place] < limit:
            waiting += [part[: place + _LEAST_PART], part[place + _LEAST_PART :]]
        else:
            done.append(part)
    return done


def _seen_together(records: Sequence[FaceRecord], parts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return pairs (K, 2) of parts that are in one frame at different places."""
    frames: dict[tuple[int, int], list[int]] = {}
    for index, record in enumerate(records):
        frames.setdefault((record.source, record.frame), []).append(index)
    pairs = set()
    for members in frames.values():
        if len(members) <= _CROWD:
            for place, a in enumerate(members):
                for b in members[:place]:
                    pair = min(parts[a], parts[b]), max(parts[a], parts[b])
                    if pair[0] != pair[1] and pair not in pairs and overlap(records[a].face, records[b].face) < 0.3:
                        pairs.add(pair)
    return np.array(sorted(pairs), np.intp).reshape(-1, 2)


def _by_size(labels: NDArray) -> NDArray[np.intp]:
    """Return labels renumbered from 1: the label with most faces first, equals in order of appearance."""
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    ranks = np.empty(len(counts), np.intp)
    ranks[np.lexsort((first, -counts))] = np.arange(1, len(counts) + 1)
    return ranks[inverse.reshape(-1)]
