"""Settings of what makes drawn faces sharp."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import DeclaredSettings, option

STRENGTH = "how much of the detail is added; 1: all of it, 0.5: half"


@dataclass(frozen=True)
class NoDetailConfig:
    """The face as the model has drawn it."""

    _target_: ClassVar[str] = "faceswap.swap.detail.choices.NoDetail"


@dataclass(frozen=True)
class RestoreConfig(DeclaredSettings):
    """Sharpened by what faces look like: for photos, and models without a face set."""

    _target_: ClassVar[str] = "faceswap.swap.detail.choices.Restore"
    _section_: ClassVar[str] = "detail"
    strength: float = option(1.0, STRENGTH, minimum=0.01, maximum=2)


@dataclass(frozen=True)
class ReferenceConfig(RestoreConfig):
    """Sharpened by detail of the person's own pictures in the face set."""

    _target_: ClassVar[str] = "faceswap.swap.detail.choices.Reference"
