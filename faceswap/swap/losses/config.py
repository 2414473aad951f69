"""Settings of the losses of a swap training."""

from dataclasses import dataclass
from typing import ClassVar

from faceswap.utils.settings.options import DeclaredSettings, option


@dataclass(frozen=True)
class ReconstructionLossConfig(DeclaredSettings):
    """Reconstruction loss of the decoders: weighted sum of the parts below."""

    _target_: ClassVar[str] = "faceswap.swap.losses.reconstruction.ReconstructionLoss"
    _section_: ClassVar[str] = "loss"
    l1: float = option(1.0, "weight of the absolute error", minimum=0)
    mse: float = option(0.0, "weight of the squared error", minimum=0)
    dssim: float = option(1.0, "weight of the structural dissimilarity", minimum=0)
    dssim_window_px: int = option(
        11, "side of the Gaussian window of dssim in px, odd", minimum=3, maximum=255, step=2, step_help="an odd number"
    )
    mask: float = option(0.25, "weight of the learned mask's error", minimum=0)
    background_weight: float = option(
        0.1, "weight of a pixel outside the face, relative to one inside", minimum=0, maximum=1
    )
    dssim_second_px: int | None = option(
        None,
        "side of a second dssim window in px, odd; both are averaged (default: one window)",
        minimum=3,
        maximum=255,
        step=2,
        step_help="an odd number",
    )
    eyes: float = option(1.0, "weight of a pixel of the eyes, relative to another pixel of the face", minimum=0)
    mouth: float = option(1.0, "weight of a pixel of the mouth, relative to another pixel of the face", minimum=0)


@dataclass(frozen=True)
class LikenessConfig(DeclaredSettings):
    """Losses by the face embedder, which tells people apart."""

    _target_: ClassVar[str] = "faceswap.swap.losses.perceptual.Likeness"
    _section_: ClassVar[str] = "likeness"
    identity: float = option(0.0, "weight of 1 - cosine similarity of the two faces' identity vectors", minimum=0)
    perceptual: float = option(0.0, "weight of the distance of the embedder's features, as in LPIPS", minimum=0)
    gram: float = option(0.0, "weight of the distance of the features' Gram matrices: texture", minimum=0)


@dataclass(frozen=True)
class DiscriminatorConfig(DeclaredSettings):
    """A PatchGAN discriminator that learns to tell generated faces from real ones."""

    _target_: ClassVar[str] = "faceswap.swap.losses.adversarial.Discriminator"
    _section_: ClassVar[str] = "discriminator"
    gan_weight: float = option(
        0.0, "weight of the adversarial loss; 0, with feature_matching=0: no discriminator", minimum=0
    )
    start_step: int = option(0, "first training step with the adversarial loss", minimum=0)
    channels: int = option(32, "channels of its first layer", minimum=1, maximum=1024)
    learning_rate: float = option(2e-4, "learning rate of the discriminator", minimum=0, maximum=10)
    feature_matching: float = option(
        0.0, "weight of the distance of its features of generated and real patches (pix2pixHD)", minimum=0
    )
    init: str = option("generic", "initial weights: the shipped ones or random ones", choices=("generic", "scratch"))
