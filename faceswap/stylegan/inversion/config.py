"""Settings of an inversion."""

from dataclasses import dataclass
from typing import ClassVar, get_args

from faceswap.utils.choices import Start
from faceswap.utils.settings.options import DeclaredSettings, option


@dataclass(frozen=True)
class LatentSearch:
    """How the code of a photo is looked for."""

    guess: Start = option(
        "encoder", "start of the optimization: the encoder's estimate or the average face", choices=get_args(Start)
    )
    steps: int = option(100, "steps of the optimizer; 0: the start as it is", minimum=0, maximum=100000)
    fidelity: float = option(
        0.5, "how close the result must be to the photo: 0 stays near the average, 0.5 frees every layer, beyond 0.5 "
        "the generator is tuned to the face", minimum=0, maximum=1,
    )  # fmt: skip


@dataclass(frozen=True)
class InversionSettings(LatentSearch):
    """How photos are inverted, see `inversion.CodeSearch`."""

    tuning_steps: int = option(
        100, "steps of tuning at fidelity=1; fewer below, none from 0.5 down", minimum=0, maximum=100000
    )
    rank: int = option(
        4, "rank of the generator's changes: a higher one is closer to the photo and larger", minimum=1, maximum=64
    )
    batch_size: int = option(8, "photos at a time", minimum=1, maximum=65536)


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
