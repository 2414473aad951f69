"""Settings of trainings that take seconds."""

from pathlib import Path
from typing import Any

import torch

from faceswap.stylegan.training import trainer
from faceswap.stylegan.training.config import (
    Adversarial,
    GeneratorTrainingConfig,
    MonitorSettings,
    NetworkSettings,
    ReconstructionWeights,
    WarmUp,
)
from faceswap.stylegan.training.state import CHECKPOINT
from faceswap.stylegan.training.trainer import SettingsYaml

GAN = Adversarial(r1_every=2, path_every=2, encoder_share=0.5, head_start=4, ada_images=50)


SETTINGS: dict[str, Any] = {
    "plan": NetworkSettings(32, [8] * 4, 16),
    "adversarial": GAN,
    "reconstruction": ReconstructionWeights(features=0),
    "monitor": MonitorSettings(0.008, 0.008, 0.008, 1, 0),
    "warm_up": WarmUp(0.008, 0.004),
    "batch_size": 4,
    "device": "cpu",
    "precision": "fp32",
}


def train_generator(data: Path, run: Path, settings: SettingsYaml = SettingsYaml(), **said: Any) -> Path:  # noqa: B008
    """Train with the settings of GeneratorTrainingConfig by keywords."""
    return trainer.train_generator(data, run, GeneratorTrainingConfig(**said), settings)


def weights_of(run: Path) -> dict[str, dict[str, torch.Tensor]]:
    """Return the weights in a run's checkpoint, by network and name."""
    return torch.load(run / CHECKPOINT, weights_only=True)["networks"]
