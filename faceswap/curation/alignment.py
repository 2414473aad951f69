"""Plausibility of landmarks as a face, and the expression they show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.landmarks import INNER, MEAN_FACE

_LONGEST_STEP_FRAMES = 5
_UPPER_LIDS, _LOWER_LIDS = [37, 38, 43, 44], [41, 40, 47, 46]


def shape_errors(points: NDArray) -> NDArray[np.float32]:
    """Return how far faces (N, 68, 2) are from any view of the mean head.

    (N,), in units of the head's width at the brows.

    Each face is compared with the scaled-orthographic view of MEAN_FACE that fits it best, so that turned heads count
    as faces; the error is the root mean square over the inner points. Points that form no head at all give inf.
    """
    model = MEAN_FACE[INNER] - MEAN_FACE[INNER].mean(0)
    seen = np.asarray(points, np.float64)[:, INNER]
    seen = seen - seen.mean(1, keepdims=True)
    projection = np.swapaxes(np.linalg.pinv(model) @ seen, 1, 2)  # (N, 2, 3)
    left, sizes, right = np.linalg.svd(projection, full_matrices=False)
    scale = sizes.mean(1)
    axes = left @ right  # the nearest pair of orthonormal rows
    views = scale[:, None, None] * (model @ np.swapaxes(axes, 1, 2))
    distance = np.sqrt(((seen - views) ** 2).sum(2).mean(1))
    spread = np.sqrt((seen**2).sum(2).mean(1))
    # A fit to scattered points has a scale near zero: measured against their spread they are no face either way.
    # Points with right and left exchanged fit too, to a head seen from behind.
    faces_us = np.cross(axes[:, 0], axes[:, 1])[:, 2] > -0.3
    is_head = (scale > 0.05 * spread) & faces_us
    return np.where(is_head, distance / np.maximum(scale, 1e-9), np.inf).astype(np.float32)


def jumps(records: Sequence[FaceRecord]) -> NDArray[np.float32]:
    """Return how far each face is from where its neighbours in the track put it.

    (N,), in widths of the face; 0 at the ends.

    Of a single outlier only it itself is counted, not the neighbours that it pulls.
    """
    sizes = np.array([max(np.ptp(record.points[INNER], axis=0).max(), 1e-3) for record in records], np.float32)
    result = np.zeros(len(records), np.float32)
    for members in _tracks(records):
        frames = np.array([records[i].frame for i in members], np.float64)
        points = np.stack([records[i].points[INNER] for i in members]).astype(np.float64)
        before, after = np.diff(frames)[:-1], np.diff(frames)[1:]
        usable = (before > 0) & (after > 0) & (before + after <= 2 * _LONGEST_STEP_FRAMES)
        share = (before / np.maximum(before + after, 1))[:, None, None]
        between = points[:-2] * (1 - share) + points[2:] * share
        away = np.sqrt(((points[1:-1] - between) ** 2).sum(2).mean(1)) / sizes[members[1:-1]]
        away = np.concatenate([[0.0], np.where(usable, away, 0.0), [0.0]])
        around = np.maximum(np.concatenate([[0.0], away[:-1]]), np.concatenate([away[1:], [0.0]]))
        result[members] = np.where(away >= around, away, 0.0)
    return result


def expressions(records: Sequence[FaceRecord]) -> NDArray[np.float32]:
    """Return pose and expression (N, 7).

    Yaw, pitch in degrees; openness of the eyes and mouth, width of the mouth, height of the brows and place of the
    nose's tip, in parts of the crop's width.
    """
    points = np.stack([record.crop_points / record.size_px for record in records]).astype(np.float32)
    columns = [
        np.array([record.yaw for record in records]),
        np.array([record.pitch for record in records]),
        (points[:, _LOWER_LIDS, 1] - points[:, _UPPER_LIDS, 1]).mean(1),
        points[:, 66, 1] - points[:, 62, 1],
        np.linalg.norm(points[:, 54] - points[:, 48], axis=1),
        points[:, 36:48, 1].mean(1) - points[:, 17:27, 1].mean(1),
        points[:, 30, 0],
    ]
    return np.stack(columns, 1).astype(np.float32)


def _tracks(records: Sequence[FaceRecord]) -> list[NDArray[np.intp]]:
    """Return the faces of each track of three or more, by frame."""
    members: dict[int, list[int]] = {}
    for index, record in enumerate(records):
        if record.track >= 0:
            members.setdefault(record.track, []).append(index)
    return [
        np.array(sorted(track, key=lambda i: records[i].frame), np.intp) for track in members.values() if len(track) > 2
    ]
