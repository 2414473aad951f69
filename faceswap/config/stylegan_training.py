"""Settings of stylegan.train: the network, its two phases, and how often the training is looked at."""

from dataclasses import dataclass
from typing import get_args

from faceswap.stylegan.training.config import (
    Adversarial,
    Equivariance,
    MonitorSettings,
    NetworkSettings,
    ReconstructionWeights,
    WarmUp,
)
from faceswap.utils.choices import Precision
from faceswap.utils.limits import SEED
from faceswap.utils.settings.options import DEVICES, option, section, workspace


@dataclass(frozen=True)
class StyleGANTrainRequest:
    """Train a StyleGAN2, and an encoder beside it where you ask for one, on pictures of your own."""

    data: str = option("", "a folder of images, a face set, or a folder with targets.npy", kind="path")
    run: str = option("", "the run's name, or a path with a slash (default: style); one that is there goes on",
                      kind="path")  # fmt: skip
    workspace: str = workspace()
    plan: NetworkSettings = section(NetworkSettings, "the network")
    kimg: float = option(5000, "thousands of pictures in all, those of earlier sessions counted in", minimum=0)
    minutes: float | None = option(None, "training time in all (default: no limit)", minimum=0, maximum=1000000)
    batch_size: int = option(32, "pictures a step; a multiple of 4 is best", minimum=1, maximum=65536)
    mirror: bool = option(True, "mirror half of the pictures")
    warm_up: WarmUp = section(WarmUp, "encoder and generator as an autoencoder first: for short trainings")
    adversarial: Adversarial = section(Adversarial, "generator against discriminator")
    reconstruction: ReconstructionWeights = section(
        ReconstructionWeights, "the encoder's pictures against their targets"
    )
    monitor: MonitorSettings = section(MonitorSettings, "previews, checkpoints, distances")
    grow_from: str = option(
        "", "start from this generator's weights where they fit; one of a lower resolution is grown", kind="path"
    )
    encoder_from: str = option("", "start from this encoder, which belongs to that generator", kind="path")
    counterfactual: str = option(
        "", "a folder with pairs.csv, seen.npy and targets.npy: faces before and after a known move, from which "
        "straight directions are learned", kind="path",
    )  # fmt: skip
    equivariance: Equivariance = section(Equivariance, "how much moved faces count, with counterfactual=")
    inception: str = option(
        "", "also measure FID, with the weights pt_inception-2015-12-05-6726825d.pth of pytorch-fid", kind="path"
    )
    device: str = option("auto", DEVICES)
    precision: Precision = option("auto", "arithmetic; auto takes what measured fastest", choices=get_args(Precision))
    seed: int = option(0, "seed of weights, order and noise", minimum=0, maximum=SEED)
    restart: bool = option(False, "delete the earlier training in this folder and start anew")
    allow_changes: bool = option(False, "go on with other settings or other pictures than before")
