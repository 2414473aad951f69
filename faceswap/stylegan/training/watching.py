"""What a training shows of itself, and when: curves, pictures, weights, distances, its record."""

from __future__ import annotations

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
from faceswap.stylegan.training.previews import PER_ROW, preview
from faceswap.stylegan.training.run_folder import ENCODER_FILE, GENERATOR_FILE, KIND
from faceswap.stylegan.training.state import Networks
from faceswap.stylegan.weights.files import save_encoder, save_generator
from faceswap.swap.training.run_log import RunLog
from faceswap.utils.errors import UserError

FIRST_LOOK_SECONDS = 60.0  # then twice, four times ... as long after the beginning


@dataclass(frozen=True)
class Looks:
    """How often a training is looked at, in thousands of pictures (kimg); `samples`: of each distance, 0 for none.

    Previews and checkpoints are also made after a minute of training, two minutes, four, and so on: nobody waits half
    a night for the first.
    """

    log_kimg: float = 1
    preview_kimg: float = 10
    save_kimg: float = 10
    distance_kimg: float = 50
    samples: int = 2000


class Due(NamedTuple):
    """What a step is followed by."""

    log: bool
    save: bool
    preview: bool
    distance: bool


class Pace:
    """Says after each step what is due; `seconds`: of training in earlier sessions."""

    def __init__(self, looks: Looks, batch_size: int, seconds: float) -> None:
        self._looks, self._batch_size = looks, batch_size
        self._next_seconds = FIRST_LOOK_SECONDS
        self._is_time(seconds)

    def __call__(self, images: int, seconds: float) -> Due:
        """After the step that brought the pictures to `images` and the time to `seconds`."""
        looks, is_time = self._looks, self._is_time(seconds)
        return Due(
            self._crossed(looks.log_kimg, images),
            is_time or self._crossed(looks.save_kimg, images),
            is_time or self._crossed(looks.preview_kimg, images),
            self._crossed(looks.distance_kimg, images),
        )

    def _is_time(self, seconds: float) -> bool:
        is_time = seconds >= self._next_seconds
        while seconds >= self._next_seconds:
            self._next_seconds *= 2
        return is_time

    def _crossed(self, kimg: float, images: int) -> bool:
        """Whether the step went over a multiple of so many thousand pictures."""
        every = max(1, round(1000 * kimg))
        return images // every > (images - self._batch_size) // every


@dataclass(eq=False)
class Watch:
    """What a training writes beside its checkpoints. `about`: what its record says of it.

    `inception`: weights of the network of published FIDs, to measure that too. Raises UserError when they are none.
    """

    run: Path
    networks: Networks
    pictures: Pictures
    looks: Looks
    about: dict[str, Any]
    inception: str = ""
    _sums: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shown = self.pictures.batch(0, PER_ROW, 1, False)
        device = str(self.networks.accelerator.device)
        self._kinds: dict[str, Callable[[Tensor], Tensor]] = {}
        if self.looks.samples:
            self._kinds["faces"] = face_features(device)
        if self.looks.samples and self.inception:
            self._kinds["inception"] = inception_features(self.inception, device)
        self._has_looked = False

    def note(self, losses: dict[str, float], images: int) -> None:
        """Keeps the losses of a step. Raises UserError when they are no numbers: nothing can be learned any more."""
        for name, value in losses.items():
            if not math.isfinite(value):
                raise UserError(
                    f"the training has fallen apart after {images} pictures ({name} is {value}): nothing of that is "
                    "saved; go on from the last checkpoint with a smaller adversarial.learning_rate= "
                    "(allow_changes=true) or precision=fp32"
                )
            self._sums.setdefault(name, []).append(value)

    def log(self, journal: RunLog, images: int, seconds: float) -> str:
        """Writes the means since the last time; gives the line for the progress bar."""
        means = {name: sum(values) / len(values) for name, values in self._sums.items()}
        self._sums.clear()
        journal.scalars(means | {"minutes": seconds / 60}, images)
        return " ".join(f"{name.partition('/')[2]} {value:.3f}" for name, value in list(means.items())[:4])

    def export(self, images: int, seconds: float) -> None:
        """Writes the weights as they are to be used. Before each checkpoint: none is ever without them."""
        about = {"kimg": images / 1000, "minutes": round(seconds / 60, 1)}
        generator, encoder = self.networks.shipped()
        save_generator(generator, self.run / GENERATOR_FILE, about)
        save_encoder(encoder, self.run / ENCODER_FILE, about)

    def record(self, journal: RunLog, images: int, is_final: bool = False) -> None:
        """Writes the run's record; `is_final`: all that is due at `images` is done."""
        version = faceswap.__version__
        journal.report({"kind": KIND, "version": version, **self.about, "images": images, "is_final": is_final})

    def look(self, journal: RunLog, images: int) -> None:
        """A grid of pictures."""
        self._has_looked = True
        with torch.random.fork_rng():  # to look at a training is not to change it
            journal.preview(preview(self.networks, *self._shown), images)

    def look_once(self, journal: RunLog, images: int) -> None:
        """A grid of pictures, unless this session has drawn one."""
        if not self._has_looked:
            self.look(journal, images)

    def measure(self, journal: RunLog, images: int) -> None:
        """The distance of as many samples from as many pictures."""
        count = self.looks.samples
        generator = self.networks.shipped()[0].to(self.networks.accelerator.device)
        with torch.random.fork_rng():
            for name, features in self._kinds.items():
                batches = range(-(-min(count, len(self.pictures)) // BATCH))
                real = cloud(features, (self.pictures.batch(number, BATCH, 2, True)[1] for number in batches))
                distance = frechet_distance(real, cloud(features, samples(generator, count, 0)))
                journal.scalars({f"frechet/{name}": distance}, images)
