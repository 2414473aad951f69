"""Monitoring of a training: curves, previews, exported weights, Frechet distances, the run's record; and when."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

import faceswap
from faceswap.stylegan.data.packed import Pictures
from faceswap.stylegan.metrics.frechet import BATCH, cloud, face_features, frechet_distance, samples
from faceswap.stylegan.metrics.inception import inception_features
from faceswap.stylegan.training.config import MonitorSettings
from faceswap.stylegan.training.previews import PER_ROW, preview
from faceswap.stylegan.training.run_folder import ENCODER_FILE, GENERATOR_FILE, KIND
from faceswap.stylegan.training.state import TrainingNetworks
from faceswap.stylegan.weights.files import save_encoder, save_generator
from faceswap.swap.runs.run_log import RunLog
from faceswap.utils.errors import UserError

log = logging.getLogger(__name__)

FIRST_PREVIEW_SECONDS = 60.0  # then twice, four times ... as long after the beginning


class Due(NamedTuple):
    """What is due after a step."""

    log: bool
    save: bool
    preview: bool
    distance: bool


class MonitorSchedule:
    """Decide after each step what is due; `seconds`: of training in earlier sessions."""

    def __init__(self, settings: MonitorSettings, batch_size: int, seconds: float) -> None:
        self._settings, self._batch_size = settings, batch_size
        self._next_seconds = FIRST_PREVIEW_SECONDS
        self._is_time(seconds)

    def __call__(self, images: int, seconds: float) -> Due:
        """Return what is due after `images` images and `seconds` seconds of training."""
        settings, is_time = self._settings, self._is_time(seconds)
        return Due(
            self._crossed(settings.log_kimg, images),
            is_time or self._crossed(settings.save_kimg, images),
            is_time or self._crossed(settings.preview_kimg, images),
            self._crossed(settings.distance_kimg, images),
        )

    def _is_time(self, seconds: float) -> bool:
        is_time = seconds >= self._next_seconds
        while seconds >= self._next_seconds:
            self._next_seconds *= 2
        return is_time

    def _crossed(self, kimg: float, images: int) -> bool:
        """Return whether the step went over a multiple of so many thousand pictures."""
        every = max(1, round(1000 * kimg))
        return images // every > (images - self._batch_size) // every


@dataclass(eq=False)
class RunRecorder:
    """Write what a training shows beside its checkpoints; `about` goes into the run's record.

    `inception`: weights of the network of published FIDs, to measure that too. Raises UserError when they are none.
    """

    run: Path
    networks: TrainingNetworks
    pictures: Pictures
    settings: MonitorSettings
    about: dict[str, Any]
    inception: str = ""
    _sums: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shown = self.pictures.batch(0, PER_ROW, 1, False)
        device = str(self.networks.accelerator.device)
        self._kinds: dict[str, Callable[[Tensor], Tensor]] = {}
        if self.settings.samples:
            self._kinds["faces"] = face_features(device)
        if self.inception:
            features = inception_features(self.inception, device)  # a wrong name is told whether it is used or not
            if self.settings.samples:
                self._kinds["inception"] = features
            else:
                log.warning("inception= measures nothing: monitor.samples=0 says so")
        self._has_previewed = False

    def note(self, losses: dict[str, float], images: int) -> None:
        """Collect the losses of a step.

        Raises:
            UserError: A loss is not finite: the training has diverged.
        """
        for name, value in losses.items():
            if not math.isfinite(value):
                raise UserError(
                    f"the training has fallen apart after {images} pictures ({name} is {value}): nothing of that is "
                    "saved; go on from the last checkpoint with a smaller adversarial.learning_rate= "
                    "(allow_changes=true) or precision=fp32"
                )
            self._sums.setdefault(name, []).append(value)

    def log(self, journal: RunLog, images: int, seconds: float) -> str:
        """Write the mean losses since the last call, and return the line for the progress bar."""
        means = {name: sum(values) / len(values) for name, values in self._sums.items()}
        self._sums.clear()
        journal.scalars(means | {"minutes": seconds / 60}, images)
        return " ".join(f"{name.partition('/')[2]} {value:.3f}" for name, value in list(means.items())[:4])

    def export(self, images: int, seconds: float) -> None:
        """Write the averaged weights; called before each checkpoint, so that none is ever without them."""
        about = {"kimg": images / 1000, "minutes": round(seconds / 60, 4)}
        generator, encoder = self.networks.shipped()
        save_generator(generator, self.run / GENERATOR_FILE, about)
        save_encoder(encoder, self.run / ENCODER_FILE, about)

    def record(self, journal: RunLog, images: int, is_final: bool = False) -> None:
        """Write the run's record.

        Args:
            is_final: All that is due at `images` is done.
        """
        version = faceswap.__version__
        journal.report({"kind": KIND, "version": version, **self.about, "images": images, "is_final": is_final})

    def write_preview(self, journal: RunLog, images: int) -> None:
        """Write a preview: a grid of images."""
        self._has_previewed = True
        with torch.random.fork_rng():  # a preview must not change the training
            journal.preview(preview(self.networks, *self._shown), images)

    def preview_once(self, journal: RunLog, images: int) -> None:
        """Write a preview unless this session has written one."""
        if not self._has_previewed:
            self.write_preview(journal, images)

    def measure(self, journal: RunLog, images: int) -> None:
        """Measure the Frechet distance between samples and training images."""
        count = self.settings.samples
        generator = self.networks.shipped()[0].to(self.networks.accelerator.device)
        with torch.random.fork_rng():
            for name, features in self._kinds.items():
                batches = range(-(-min(count, len(self.pictures)) // BATCH))
                real = cloud(features, (self.pictures.batch(number, BATCH, 2, True)[1] for number in batches))
                distance = frechet_distance(real, cloud(features, samples(generator, count, 0)))
                journal.scalars({f"frechet/{name}": distance}, images)
