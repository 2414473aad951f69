"""Head yaw, and fading out a swap where a face is turned further than the model has seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from faceswap.core.geometry import head_pose
from faceswap.swap.models.weights import seen_yaw
from faceswap.utils.numbers import smoothstep

# Degrees of yaw as they are read from landmarks (some 7 more than the head's own), measured on rendered heads of which
# the true swap is known (docs/benchmarks.md): what a model draws that has seen heads turned by 20 degrees lies on the
# face up to SAFE; from 75 on its cheek lies over the hair, and B as filmed is nearer to the true swap.
SAFE = 65.0
BEYOND_SEEN = 5.0  # so much further than in training a model is as good as in training
FADE_OVER = 15.0  # from whole to nothing: a turning head takes some frames for it, and nothing jumps
WHOLE = 0.99  # a swap that is pasted to this share is one in full


@dataclass(frozen=True)
class Fading:
    """Lets a swap go over into the film as it is while a head turns from `begin` to `begin` + FADE_OVER degrees."""

    begin: float

    @classmethod
    def of(cls, description: Mapping[str, Any], side: str) -> Fading:
        """Return where the face `side` of a model fades, by what the model says that it was trained on.

        A description that says nothing, or no angle, is one of a model that has seen no head turned beyond SAFE.
        """
        return cls(max(SAFE, seen_yaw(description).get(side, 0.0) + BEYOND_SEEN))

    @classmethod
    def asked_for(cls, begin: float | Literal["auto", "off"], description: Mapping[str, Any], side: str) -> Fading:
        """Return the one that a setting means: where it begins, `auto` as `of`, or `off`."""
        if begin == "off":
            return cls(math.inf)
        return cls.of(description, side) if begin == "auto" else cls(float(begin))

    def strength(self, points: NDArray) -> float:
        """Return the share, from 1 (all of it) to 0, of a swap that is pasted on a face with `points` (68, 2).

        A degree of trembling landmarks changes it by at most a tenth, and points are steadied before.
        """
        yaw = abs(head_pose(points).yaw)
        if not math.isfinite(yaw):
            return 1.0
        t = min(max((yaw - self.begin) / FADE_OVER, 0.0), 1.0)
        return 1 - smoothstep(t)
