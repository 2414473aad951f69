"""Random changes of the faces that train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from faceswap.swap.data.warp import Warp
from faceswap.utils.choices import ColourTransfer

USUAL_COLOUR: tuple[Mapping[str, Any], ...] = (
    {"name": "RandomBrightnessContrast", "kwargs": {"brightness_limit": 0.05, "contrast_limit": 0.05, "p": 0.5}},
    {"name": "RGBShift", "kwargs": {"r_shift_limit": 4, "g_shift_limit": 4, "b_shift_limit": 4, "p": 0.3}},
)


@dataclass(frozen=True)
class Augmentation:
    """How the faces of a batch are changed.

    Attributes:
        warp: How far faces are moved; the input is also distorted.
        colour: Transforms of albumentations, each {"name": class, "kwargs": its arguments}, applied in order.
        transfer: How each face of A takes on the colours of a random face of B: none, reinhard or mkl.
    """

    warp: Warp = field(default_factory=Warp)
    colour: Sequence[Mapping[str, Any]] = USUAL_COLOUR
    transfer: ColourTransfer = "none"
