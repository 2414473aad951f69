"""The 68 landmarks (iBUG 300-W order) as vertices of MakeHuman's base mesh, and a denser set over the face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.people.head import Head
from tools.people.regions import cavity_vertices

# Index 0 is at the viewer's left, as in faceswap.core.landmarks.
VERTICES_68 = np.array([
    264, 867, 5246, 5241, 5240, 915, 5295, 5292, 5225, 11898, 11901, 7617, 11849, 11850, 11854, 7572, 7033,  # jaw
    3742, 225, 206, 205, 208, 6983, 6980, 6981, 6999, 10410,  # brows
    132, 5063, 291, 294, 334, 313, 312, 7076, 7096,  # nose
    1089, 1081, 1099, 1104, 1096, 1094, 7796, 7791, 7773, 7781, 7786, 7788,  # eyes
    422, 447, 457, 466, 7216, 7207, 7182, 7166, 7235, 492, 480, 406,  # mouth, outer line
    431, 470, 474, 7226, 7191, 7236, 493, 481,  # mouth, inner line
])  # fmt: skip
INNER = slice(17, 68)
DENSE_COUNT = 512


def dense_vertices(head: Head, count: int = DENSE_COUNT) -> NDArray[np.int64]:
    """Return base vertices (count,) spread evenly over the face's outside; the 68 landmarks come first."""
    place = head.canonical_base
    x, y, z = place[head.used].T
    on_face = (z > 0.55) & (y > 6.1) & (y < 8.05) & (np.abs(x) < 0.72)
    candidates = head.used[on_face & ~_in_mouth(head)]
    chosen = list(VERTICES_68)
    distance = np.min([np.linalg.norm(place[candidates] - place[v], axis=1) for v in chosen], axis=0)
    while len(chosen) < count:  # farthest point sampling
        chosen.append(int(candidates[distance.argmax()]))
        distance = np.minimum(distance, np.linalg.norm(place[candidates] - place[chosen[-1]], axis=1))
    return np.array(chosen)


def _in_mouth(head: Head) -> NDArray[np.bool_]:
    """Return which of the drawn base vertices lie in the mouth's cavity or behind the lips."""
    return cavity_vertices(head)[: len(head.used)]
