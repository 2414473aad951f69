"""Settings of the swap models."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import option

COVERAGE = "the central share of the stored crop that the model sees"
BETA = "weight of the divergence of a Gaussian code from the unit normal; 0: a plain code"
RESOLUTION = "side of the pictures in px, a multiple of 32; extract with size_px= at least that / coverage"


@dataclass(frozen=True)
class OriginalConfig:
    """The first deepfake autoencoder: 64 px, 82 million weights, no mask of its own."""

    _target_: ClassVar[str] = "faceswap.swap.models.original.Original"
    coverage: float = option(0.8, COVERAGE, minimum=0.1, maximum=1)
    beta: float = option(0.0, BETA, minimum=0, maximum=1000000)


@dataclass(frozen=True)
class LiteConfig:
    """The same shape for a laptop: looks at 96 px, draws them or twice as many, with a learned mask."""

    _target_: ClassVar[str] = "faceswap.swap.models.lite.Lite"
    coverage: float = option(0.7, COVERAGE, minimum=0.1, maximum=1)
    beta: float = option(0.0, BETA, minimum=0, maximum=1000000)
    output_scale: int = option(1, "px drawn for each px looked at: 1 draws 96, 2 draws 192", minimum=1, maximum=2)


@dataclass(frozen=True)
class DfConfig:
    """DeepFaceLab's df-ud: keeps most of A's likeness; 128 px, 54 million weights, learned mask."""

    _target_: ClassVar[str] = "faceswap.swap.models.df.Df"
    resolution: int = option(128, RESOLUTION, minimum=64, maximum=512, step=32, step_help="a multiple of 32")
    ae_dims: int = option(256, "size of the code, even", minimum=8, maximum=1024, step=2, step_help="an even number")
    e_dims: int = option(
        64, "channels of the encoder (x 1, 2, 4, 8), even", minimum=4, maximum=256, step=2, step_help="an even number"
    )
    d_dims: int = option(
        64, "channels of a decoder (x 8, 4, 2), even", minimum=4, maximum=256, step=2, step_help="an even number"
    )
    d_mask_dims: int = option(
        22,
        "channels of its mask branch (x 8, 4, 2, 1), even",
        minimum=4,
        maximum=256,
        step=2,
        step_help="an even number",
    )
    coverage: float = option(0.8, COVERAGE, minimum=0.1, maximum=1)
    beta: float = option(0.0, BETA, minimum=0, maximum=1000000)
    output_scale: int = option(1, "px drawn for each px looked at: 2 looks at half of resolution", minimum=1, maximum=2)


@dataclass(frozen=True)
class LiaeConfig(DfConfig):
    """DeepFaceLab's liae-ud: bends more to B's light and face shape; 128 px, 82 million weights, learned mask."""

    _target_: ClassVar[str] = "faceswap.swap.models.liae.Liae"
