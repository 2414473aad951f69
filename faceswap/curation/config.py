"""Thresholds of curation."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import option


@dataclass(frozen=True)
class Limits:
    """Thresholds beyond which a face is rejected."""

    _target_: ClassVar[str] = "faceswap.curation.config.Limits"
    blur: float = option(0.75, "faces more blurred than this are rejected; 0 = sharp, 1 = nothing visible", minimum=0)
    difference: float = option(3.0, "grey levels within which faces of one pose and expression are the same", minimum=0)
    shape_error: float = option(0.13, "distance of the points from any view of a head, in its widths", minimum=0)
    jump: float = option(
        0.15, "distance from where the neighbours in the track put it, in widths of the face", minimum=0
    )
    score: float = option(0.2, "the finder's score below which a face counts as misaligned", minimum=0)
    likeness: float = option(0.7, "cosine from which on two tracks are one person's", minimum=-1, maximum=1)
