"""Settings of an inversion."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import DeclaredSettings, option


@dataclass(frozen=True)
class InversionWeights(DeclaredSettings):
    """How a generated face is compared with the photo: what each part counts.

    `pixels`: mean squared error of RGB in [-1, 1]; `perceptual`: squared distance of features of length 1, the mean
    over stages (LPIPS, Zhang et al. 2018, all channels alike).
    """

    _target_: ClassVar[str] = "faceswap.stylegan.inversion.config.InversionWeights"
    _section_: ClassVar[str] = "loss"
    pixels: float = option(1.0, "weight of the squared error of pixels", minimum=0)
    perceptual: float = option(0.5, "weight of the distance of the features", minimum=0)
    identity: float = option(0.1, "weight of 1 - cosine similarity of the identity vectors", minimum=0)
    background_weight: float = option(
        0.2, "weight of a pixel outside the head, relative to one inside", minimum=0, maximum=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pixels + self.perceptual == 0:
            raise ValueError("loss: one of pixels and perceptual must be above 0")
