"""Settings of masks: each default once, with its help and its range."""

from dataclasses import dataclass
from typing import Any, ClassVar

from faceswap.swap.data.config import FOREHEAD
from faceswap.utils.settings.options import DEVICES, DeclaredSettings, option

ERODE = "pull the edge inwards by this share of the face's size; along the film by keyframes: '{0: 0, 120: 0.1}'"
FEATHER = "fade out over this share of the face's size, inwards"
OF_ALL = "of all of them, instead of each one's own: "
MASKS = ("hull", "box", "learned", "parsed", "head", "painted")
FOREHEAD_HELP = "how far the outline rises above the brows, in distances from eyes to brows"


@dataclass(frozen=True)
class HullMaskConfig(DeclaredSettings):
    """The convex hull of the landmarks."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.shapes.HullMask"
    _section_: ClassVar[str] = "mask"
    erode: int | float | str = option(0.0, ERODE, kind="keyframes", minimum=0, maximum=0.5)
    feather: int | float | str = option(0.12, FEATHER, kind="keyframes", minimum=0, maximum=0.5)
    forehead: float = option(FOREHEAD, FOREHEAD_HELP, minimum=0, maximum=4)


@dataclass(frozen=True)
class LearnedMaskConfig(HullMaskConfig):
    """The mask that the model has learned (the hull where it has none)."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.learned.LearnedMask"
    feather: int | float | str = option(0.08, FEATHER, kind="keyframes", minimum=0, maximum=0.5)
    forehead: float = option(FOREHEAD, "of the hull that stands in: its rise above the brows", minimum=0, maximum=4)


@dataclass(frozen=True)
class ParsedMaskConfig(LearnedMaskConfig):
    """The learned mask (or the hull) without hands, hair, glasses and whatever else hides the face."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.parsed.ParsedMask"
    edge: float = option(
        0.02, "softness of the edge to what hides the face, in shares of its size", minimum=0, maximum=0.2
    )
    steady: float = option(
        0.5, "share of a pixel's past that stays each frame while it changes little", minimum=0, maximum=0.999
    )
    device: str = option("auto", DEVICES)


@dataclass(frozen=True)
class HeadMaskConfig(ParsedMaskConfig):
    """The whole head with hair, ears and neck, without what hides it: for edits."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.parsed.HeadMask"
    feather: int | float | str = option(
        0.1, "fade out over this share of the view, towards its border", kind="keyframes", minimum=0, maximum=0.5
    )


@dataclass(frozen=True)
class BoxMaskConfig(HullMaskConfig):
    """The upright rectangle around the hull."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.shapes.BoxMask"
    feather: int | float | str = option(0.15, FEATHER, kind="keyframes", minimum=0, maximum=0.5)


@dataclass(frozen=True)
class PaintedMaskConfig(DeclaredSettings):
    """What is painted white in the pictures of masks=."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.painted.PaintedMask"
    _section_: ClassVar[str] = "mask"


@dataclass(frozen=True)
class UnionMaskConfig(DeclaredSettings):
    """All that one of several masks takes in."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.layers.UnionMask"
    _section_: ClassVar[str] = "mask"
    of: Any = option(("learned", "hull"), "the masks", several=str, choices=MASKS)
    erode: int | float | str | None = option(None, OF_ALL + ERODE, kind="keyframes", minimum=0, maximum=0.5)
    feather: int | float | str | None = option(None, OF_ALL + FEATHER, kind="keyframes", minimum=0, maximum=0.5)


@dataclass(frozen=True)
class IntersectionMaskConfig(UnionMaskConfig):
    """What all of several masks take in."""

    _target_: ClassVar[str] = "faceswap.compositing.masks.layers.IntersectionMask"
