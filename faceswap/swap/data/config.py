"""Settings of the random changes of training faces."""

from dataclasses import dataclass
from typing import Any, ClassVar, get_args

from faceswap.utils.choices import ColourTransfer
from faceswap.utils.settings.options import DeclaredSettings, option

# How far the outline rises above the middle of the brows, in units of the distance from eyes to brows: most of the
# forehead, while hair and its shadow mostly stay outside.
FOREHEAD = 1.0


@dataclass(frozen=True)
class WarpConfig(DeclaredSettings):
    """Random geometric changes of the training faces."""

    _target_: ClassVar[str] = "faceswap.swap.data.warp.Warp"
    _section_: ClassVar[str] = "warp"
    rotation_degrees: float = option(10.0, "largest rotation, in degrees", minimum=0, maximum=180)
    zoom: float = option(0.05, "largest change of scale, as a share", minimum=0, maximum=0.9)
    shift: float = option(0.05, "largest shift, as a share of the view", minimum=0, maximum=1)
    flip: float = option(0.5, "probability of mirroring", minimum=0, maximum=1)
    jitter: float = option(
        5 / 256,
        "largest shift of the input's 5x5 control points, as a share of the view; 0 disables the warp",
        minimum=0,
        maximum=1,
    )
    jitter_steps: int | None = option(None, "number of steps with jitter (default: all)", minimum=0)


@dataclass(frozen=True)
class AugmentConfig:
    """Colour changes of the training faces."""

    colour: list[Any] = option([], "albumentations transforms {name, kwargs}; best written in a YAML of your own")
    transfer: ColourTransfer = option(
        "none", "colour transfer from a random face of B to each face of A", choices=get_args(ColourTransfer)
    )
