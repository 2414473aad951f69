"""Separation of an edit into motion (optical flow) and change of colour.

A mouth that widens or a head that turns moves the skin; added as a mere difference it would leave a ghost of where it
was. So the optical flow from the face as drawn before to the one after (dense inverse search, Kroeger et al. 2016)
moves the picture's own pixels, sharp as they are, and what the flow does not explain is added.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FLOW_PX = 128  # side of the pictures that are compared: smaller ones are enlarged, flow needs room
SMOOTHING = 0.02  # sigma of the flow's smoothing, a share of the side: skin moves in one piece
LONGEST = 0.12  # of a motion, a share of the side
UNCHANGED = 1 / 510  # half a grey level
# Of a style crop, in half sides from its middle: where alignment puts the face, and how far it reaches.
FACE_MIDDLE, FACE_RADII = (0.0, 0.1), (0.5, 0.6)
STRAY = 0.01  # of a motion against the whole head's, a share of the side: from there on it counts little


def motion_and_rest(
    before: NDArray[np.float32], after: NDArray[np.float32], *, turns: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split the way from `before` to `after`, (R, R, 3) RGB in [0, 1].

    `flow` (P, P, 2): where each pixel of the result comes from, as steps x, y in pixels of P = FLOW_PX or R, the
    larger; `rest` (P, P, 3): what is added to the moved picture. Both are 0 where nothing changes.

    Args:
        turns: The head turns: its motion is made one of the whole head, see `in_one_piece`.
    """
    side = max(FLOW_PX, before.shape[0])
    large = [cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in (before, after)]
    if float(np.abs(after - before).max()) < UNCHANGED:
        return np.zeros((side, side, 2), np.float32), np.zeros((side, side, 3), np.float32)
    greys = [cv2.cvtColor(np.clip(one * 255, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY) for one in large]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = search.calc(greys[1], greys[0], None)
    flow = in_one_piece(flow) if turns else cv2.GaussianBlur(flow, (0, 0), SMOOTHING * side)
    length = np.linalg.norm(flow, axis=2, keepdims=True)
    flow *= np.minimum(1, LONGEST * side / np.maximum(length, 1e-6))
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    moved = cv2.remap(
        large[0], columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flow, np.float32), np.asarray(large[1] - moved, np.float32)


def in_one_piece(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a flow (P, P, 2) of a style crop as that of a head that turns.

    Seen from afar, a turn moves a head, which is round, by steps quadratic in x and y; they are fitted to the flow on
    the face (reweighted, so that an eye that a small generator loses bends nothing) and die away around the head.
    """
    side = len(flow)
    rows, columns = np.mgrid[:side, :side] / ((side - 1) / 2) - 1
    x, y = columns - FACE_MIDDLE[0], rows - FACE_MIDDLE[1]
    away = np.hypot(x / FACE_RADII[0], y / FACE_RADII[1])
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6)
    on_face = np.exp(-0.75 * away**2).reshape(-1, 1)
    steps, weights = flow.reshape(-1, 2), on_face
    for _ in range(5):
        normal = terms.T @ (weights * terms)
        fitted = terms @ np.linalg.solve(normal, terms.T @ (weights * steps))
        weights = on_face / (1 + (np.linalg.norm(steps - fitted, axis=1, keepdims=True) / (STRAY * side)) ** 2)
    fading = np.exp(-1.5 * np.maximum(away - 1.3, 0) ** 2)
    return np.asarray(fitted.reshape(flow.shape) * fading[..., None], np.float32)
