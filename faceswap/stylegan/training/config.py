"""Settings of a StyleGAN2 training."""

from dataclasses import dataclass
from typing import ClassVar, get_args

from faceswap.utils.choices import Precision
from faceswap.utils.limits import LAYER_CHANNELS, SEED
from faceswap.utils.settings.options import DEVICES, option, section


@dataclass(frozen=True)
class NetworkSettings:
    """The networks."""

    _target_: ClassVar[str] = "faceswap.stylegan.training.config.NetworkSettings"
    resolution: int = option(64, "side of the pictures in px: 32, 64, 128, 256, 512 or 1024", minimum=32, maximum=1024)
    channels: list[int] | None = option(
        None, "channels at 4, 8, ... px, as 96,96,96,64,32 (default: 16384 / side, at most 512)"
    )
    w_size: int = option(512, "size of z and of w", minimum=4, maximum=LAYER_CHANNELS)
    mapping_layers: int = option(2, "layers from z to w; 2 for a small network, 8 as published", minimum=1, maximum=16)
    clamp: float | None = option(
        None, "clamp features to this magnitude (256 keeps half precision in range; default: no clamp)", minimum=1
    )
    discriminator_channels: list[int] | None = option(
        None, "the discriminator's channels, likewise (default: the same); a smaller one learns sooner"
    )

    def __post_init__(self) -> None:
        if self.resolution not in (32, 64, 128, 256, 512, 1024):
            raise ValueError(f"plan.resolution={self.resolution}: accepted are 32, 64, 128, 256, 512 and 1024")
        if not 4 <= self.w_size <= LAYER_CHANNELS:
            raise ValueError(f"plan.w_size={self.w_size}: accepted are 4 to {LAYER_CHANNELS}")
        count = self.resolution.bit_length() - 2
        for name in ("channels", "discriminator_channels"):
            given = getattr(self, name)
            if given is not None and (len(given) != count or not 1 <= min(given) <= max(given) <= LAYER_CHANNELS):
                raise ValueError(
                    f"plan.{name}={str(list(given))[:80]}: {self.resolution} px need {count} numbers of "
                    f"1 to {LAYER_CHANNELS}"
                )


@dataclass(frozen=True)
class WarmUp:
    """The warm-up phase: encoder and generator as an autoencoder."""

    _target_: ClassVar[str] = "faceswap.stylegan.training.config.WarmUp"
    kimg: float = option(0, "length in thousands of pictures; 0: no warm-up and no encoder", minimum=0)
    half_kimg: float = option(
        0, "thousands of pictures, the first of the warm-up, at half the resolution: four times as fast", minimum=0
    )
    learning_rate: float = option(0.003, "learning rate; falls as a half cosine over this phase", minimum=0, maximum=10)

    @property
    def images(self) -> int:
        """Return the length of the phase in pictures."""
        return round(1000 * self.kimg)


@dataclass(frozen=True)
class Adversarial:
    """The adversarial phase: generator against discriminator, as in StyleGAN2 (lazy regularisation, Adam 0, 0.99).

    Without `noise` a small generator has to draw by styles what it would otherwise imitate by grain, and videos do not
    flicker.
    """

    _target_: ClassVar[str] = "faceswap.stylegan.training.config.Adversarial"
    learning_rate: float = option(0.0025, "learning rate of generator and discriminator", minimum=0, maximum=10)
    discriminator_rate: float = option(
        1.0, "learning rate of the discriminator, relative to the generator's", minimum=0, maximum=1000
    )
    gamma: float = option(1.0, "weight of R1, in units of 0.0002 resolution^2 / batch_size; try 0.25 and 4", minimum=0)
    r1_every: int = option(16, "steps from one R1 penalty to the next", minimum=1)
    path_every: int = option(4, "steps from one path length penalty to the next; 0: none", minimum=0)
    path_weight: float = option(2.0, "weight of the path length penalty", minimum=0)
    mixing: float = option(0.9, "probability that the styles of a picture come from two z", minimum=0, maximum=1)
    noise: bool = option(True, "noise inputs between the layers; false: train a generator without them")
    ada_target: float = option(
        0.6,
        "target of adaptive augmentation (ADA): the discriminator's mean sign on real pictures; 0 disables it",
        minimum=0,
        maximum=1,
    )
    ada_images: float = option(500_000, "pictures in which the augmentation probability can go from 0 to 1", minimum=1)
    encoder_share: float = option(
        0.0,
        "share of each generated batch drawn from the encoder's codes and compared with its target",
        minimum=0,
        maximum=0.9,
    )
    head_start: int = option(0, "pictures on which only the discriminator is trained at first", minimum=0)
    grown_rate: float = option(
        1.0, "learning rate of the layers that grow_from= brought, relative to that of new ones", minimum=0, maximum=100
    )


@dataclass(frozen=True)
class ReconstructionWeights:
    """Reconstruction loss of the encoder's pictures."""

    _target_: ClassVar[str] = "faceswap.stylegan.training.config.ReconstructionWeights"
    l1: float = option(2.0, "weight of the absolute error of colours", minimum=0)
    dssim: float = option(1.0, "weight of the structural dissimilarity", minimum=0)
    features: float = option(0.5, "weight of the distance of the built-in embedder's features", minimum=0)
    divergence: float = option(3e-4, "weight of the Kullback-Leibler divergence of the codes, in nats", minimum=0)


@dataclass(frozen=True)
class Equivariance:
    """Moved faces of a training with counterfactual=."""

    _target_: ClassVar[str] = "faceswap.stylegan.training.config.Equivariance"
    share: float = option(0.25, "share of each generated batch that shows moved faces", minimum=0.01, maximum=0.9)
    codes: float = option(0.05, "weight of the squared distance of a moved code from the moved face's own", minimum=0)

    def count(self, batch_size: int) -> int:
        """Return how many pairs a batch takes; each is drawn in both orders."""
        return max(1, round(self.share * batch_size / 2))


@dataclass(frozen=True)
class MonitorSettings:
    """Intervals of logging, previews, checkpoints, distances; the first also after 1, 2, 4, 8 ... minutes."""

    _target_: ClassVar[str] = "faceswap.stylegan.training.config.MonitorSettings"
    log_kimg: float = option(1, "kimg between points of the curves", minimum=0)
    preview_kimg: float = option(10, "kimg between previews, and exports of the weights", minimum=0)
    save_kimg: float = option(10, "kimg between checkpoints", minimum=0)
    distance_kimg: float = option(50, "kimg between Frechet distances", minimum=0)
    samples: int = option(2000, "pictures of each Frechet distance; 0: not measured", minimum=0, maximum=1000000)


@dataclass(frozen=True)
class GeneratorTrainingConfig:
    """How long a training is, what it begins with, on what it runs, its networks and phases."""

    kimg: float = option(5000, "thousands of pictures in all, those of earlier sessions counted in", minimum=0)
    minutes: float | None = option(None, "training time in all (default: no limit)", minimum=0, maximum=1000000)
    batch_size: int = option(32, "pictures a step; a multiple of 4 is best", minimum=1, maximum=65536)
    mirror: bool = option(True, "mirror half of the pictures")
    grow_from: str = option(
        "", "start from this generator's weights where they fit; one of a lower resolution is grown", kind="path"
    )
    encoder_from: str = option("", "start from this encoder, which belongs to that generator", kind="path")
    counterfactual: str = option(
        "",
        "a folder with pairs.csv, seen.npy and targets.npy: faces before and after a known move, from which "
        "straight directions are learned",
        kind="path",
    )
    inception: str = option(
        "", "also measure FID, with the weights pt_inception-2015-12-05-6726825d.pth of pytorch-fid", kind="path"
    )
    device: str = option("auto", DEVICES)
    precision: Precision = option("auto", "arithmetic; auto takes what measured fastest", choices=get_args(Precision))
    seed: int = option(0, "seed of weights, order and noise", minimum=0, maximum=SEED)
    restart: bool = option(False, "delete the earlier training in this folder and start anew")
    allow_changes: bool = option(False, "go on with other settings or other pictures than before")
    plan: NetworkSettings = section(NetworkSettings, "the network")
    warm_up: WarmUp = section(WarmUp, "encoder and generator as an autoencoder first: for short trainings")
    adversarial: Adversarial = section(Adversarial, "generator against discriminator")
    reconstruction: ReconstructionWeights = section(
        ReconstructionWeights, "the encoder's pictures against their targets"
    )
    monitor: MonitorSettings = section(MonitorSettings, "previews, checkpoints, distances")
    equivariance: Equivariance = section(Equivariance, "how much moved faces count, with counterfactual=")
