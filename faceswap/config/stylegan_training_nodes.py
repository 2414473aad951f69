"""Settings of stylegan.train: the network, its two phases, and how often the training is looked at."""

from dataclasses import dataclass

from faceswap.config import nodes
from faceswap.config.options import option, section, workspace
from faceswap.utils.limits import SEED


@dataclass
class PlanNode:
    """The networks."""

    _target_: str = "faceswap.stylegan.training.trainer.NetworkSettings"
    resolution: int = option(64, "side of the pictures in px: 32, 64, 128, 256, 512 or 1024", minimum=32, maximum=1024)
    channels: list[int] | None = option(
        None, "channels at 4, 8, ... px, as 96,96,96,64,32 (default: 16384 / side, at most 512)"
    )
    discriminator_channels: list[int] | None = option(
        None, "the discriminator's channels, likewise (default: the same); a smaller one learns sooner"
    )
    w_size: int = option(512, "size of z and of w", minimum=4, maximum=4096)
    mapping_layers: int = option(2, "layers from z to w; 2 for a small network, 8 as published", minimum=1, maximum=16)
    clamp: float | None = option(
        None, "clamp features to this magnitude (256 keeps half precision in range; default: no clamp)", minimum=1
    )


@dataclass
class WarmUpNode:
    """The warm-up phase: encoder and generator as an autoencoder."""

    _target_: str = "faceswap.stylegan.training.warm_up.WarmUp"
    kimg: float = option(0, "length in thousands of pictures; 0: no warm-up and no encoder", minimum=0)
    half_kimg: float = option(
        0, "thousands of pictures, the first of the warm-up, at half the resolution: four times as fast", minimum=0
    )
    learning_rate: float = option(0.003, "learning rate; falls as a half cosine over this phase", minimum=0, maximum=10)


@dataclass
class ContestNode:
    """The adversarial phase: generator against discriminator."""

    _target_: str = "faceswap.stylegan.training.adversarial.Adversarial"
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
        0.6, "target of adaptive augmentation (ADA): the discriminator's mean sign on real pictures; 0 disables it",
        minimum=0, maximum=1,
    )  # fmt: skip
    ada_images: float = option(500_000, "pictures in which the augmentation probability can go from 0 to 1", minimum=1)
    encoder_share: float = option(
        0.0, "share of each generated batch drawn from the encoder's codes and compared with its target", minimum=0,
        maximum=0.9,
    )  # fmt: skip
    head_start: int = option(0, "pictures on which only the discriminator is trained at first", minimum=0)


@dataclass
class ReconstructionNode:
    """Reconstruction loss of the encoder's pictures."""

    _target_: str = "faceswap.stylegan.training.warm_up.ReconstructionWeights"
    l1: float = option(2.0, "weight of the absolute error of colours", minimum=0)
    dssim: float = option(1.0, "weight of the structural dissimilarity", minimum=0)
    features: float = option(0.5, "weight of the distance of the built-in embedder's features", minimum=0)
    divergence: float = option(3e-4, "weight of the Kullback-Leibler divergence of the codes, in nats", minimum=0)


@dataclass
class EquivarianceNode:
    """Moved faces of a training with counterfactual=."""

    _target_: str = "faceswap.stylegan.training.equivariance.Equivariance"
    share: float = option(0.25, "share of each generated batch that shows moved faces", minimum=0.01, maximum=0.9)
    codes: float = option(0.05, "weight of the squared distance of a moved code from the moved face's own", minimum=0)


@dataclass
class LooksNode:
    """Intervals of logging, previews, checkpoints, distances; the first also after 1, 2, 4, 8 ... minutes."""

    _target_: str = "faceswap.stylegan.training.monitor.MonitorSettings"
    log_kimg: float = option(1, "kimg between points of the curves", minimum=0)
    preview_kimg: float = option(10, "kimg between previews, and exports of the weights", minimum=0)
    save_kimg: float = option(10, "kimg between checkpoints", minimum=0)
    distance_kimg: float = option(50, "kimg between Frechet distances", minimum=0)
    samples: int = option(2000, "pictures of each Frechet distance; 0: not measured", minimum=0, maximum=1000000)


@dataclass
class StyleGANTrainConfig:
    """Train a StyleGAN2, and an encoder beside it where you ask for one, on pictures of your own."""

    data: str = option("", "a folder of images, a face set, or a folder with targets.npy", kind="path")
    run: str = option("", "the run's name, or a path with a slash (default: style); one that is there goes on",
                      kind="path")  # fmt: skip
    workspace: str = workspace()
    plan: PlanNode = section(PlanNode, "the network")
    kimg: float = option(5000, "thousands of pictures in all, those of earlier sessions counted in", minimum=0)
    minutes: float | None = option(None, "training time in all (default: no limit)", minimum=0, maximum=1000000)
    batch_size: int = option(32, "pictures a step; a multiple of 4 is best", minimum=1, maximum=65536)
    mirror: bool = option(True, "mirror half of the pictures")
    warm_up: WarmUpNode = section(WarmUpNode, "encoder and generator as an autoencoder first: for short trainings")
    adversarial: ContestNode = section(ContestNode, "generator against discriminator")
    reconstruction: ReconstructionNode = section(ReconstructionNode, "the encoder's pictures against their targets")
    monitor: LooksNode = section(LooksNode, "previews, checkpoints, distances")
    grow_from: str = option(
        "", "start from this generator's weights where they fit; one of a lower resolution is grown", kind="path"
    )
    encoder_from: str = option("", "start from this encoder, which belongs to that generator", kind="path")
    counterfactual: str = option(
        "", "a folder with pairs.csv, seen.npy and targets.npy: faces before and after a known move, from which "
        "straight directions are learned", kind="path",
    )  # fmt: skip
    equivariance: EquivarianceNode = section(EquivarianceNode, "how much moved faces count, with counterfactual=")
    inception: str = option(
        "", "also measure FID, with the weights pt_inception-2015-12-05-6726825d.pth of pytorch-fid", kind="path"
    )
    device: str = option("auto", nodes.DEVICES)
    precision: str = option("auto", "arithmetic; auto takes what measured fastest", choices=("auto", "fp32", "bf16"))
    seed: int = option(0, "seed of weights, order and noise", minimum=0, maximum=SEED)
    restart: bool = option(False, "delete the earlier training in this folder and start anew")
    allow_changes: bool = option(False, "go on with other settings or other pictures than before")
