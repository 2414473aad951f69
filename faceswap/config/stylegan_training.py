"""Settings of stylegan.train: the network, its two phases, and how often the training is looked at."""

from dataclasses import dataclass

from faceswap.stylegan.training.config import GeneratorTrainingConfig
from faceswap.utils.settings.options import option, workspace


@dataclass(frozen=True)
class _TrainedPictures:
    """What is trained on, and where the run lies."""

    data: str = option("", "a folder of images, a face set, or a folder with targets.npy", kind="path")
    run: str = option(
        "", "the run's name, or a path with a slash (default: style); one that is there goes on", kind="path"
    )
    workspace: str = workspace()


@dataclass(frozen=True)
class StyleGANTrainRequest(GeneratorTrainingConfig, _TrainedPictures):
    """Train a StyleGAN2, and an encoder beside it where you ask for one, on pictures of your own."""
