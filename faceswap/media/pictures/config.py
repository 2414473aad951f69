"""Choices of colour transfer, which have no settings."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class NoColourConfig:
    """The model's colours as they are."""

    _target_: ClassVar[str] = "faceswap.media.pictures.colour_transfer.NoColour"


@dataclass(frozen=True)
class ReinhardConfig:
    """Mean and spread of each Lab channel: steady, the one to begin with."""

    _target_: ClassVar[str] = "faceswap.media.pictures.colour_transfer.Reinhard"


@dataclass(frozen=True)
class MongeKantorovichConfig:
    """The linear map between the two colour clouds: closest match, also of tints."""

    _target_: ClassVar[str] = "faceswap.media.pictures.colour_transfer.MongeKantorovich"
