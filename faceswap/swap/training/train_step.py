"""One training step: forward, backward, update; the losses are summed up until somebody asks for them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from faceswap.engine.accelerator import Accelerator
from faceswap.engine.progress import TrainingProgress
from faceswap.engine.update import Updater
from faceswap.swap.data.batches import FaceBatch, TrainingFaces
from faceswap.swap.data.prefetch import AnyBatch, DeviceLoader
from faceswap.swap.evaluation.validator import with_totals
from faceswap.swap.models.layers import SIDES, SwapModel
from faceswap.swap.training.objective import Objective

PATIENCE = 3  # steps in a row without a finite loss after which another batch will not help

log = logging.getLogger(__name__)


class TrainStep:
    """Take the steps of a training. Losses are summed where they arise, and read only when they are taken.

    Args:
        model: The model in training.
        updater: Changes its weights.
        objective: What is made small.
        accelerator: What it runs on.
        sides: Whose faces a RawBatch means.
        progress: How far the run is.

    Attributes:
        loader: Turns batches into tensors on the device.
        batch_size: Faces of each side in the last step.
        images_per_second: Of both sides, between the last two calls of take_losses().
    """

    def __init__(
        self,
        model: SwapModel,
        updater: Updater[Any],
        objective: Objective,
        accelerator: Accelerator,
        sides: Mapping[str, TrainingFaces],
        progress: TrainingProgress,
    ) -> None:
        self.loader = DeviceLoader(accelerator, model.resolution, sides)
        self.batch_size = 0
        self.images_per_second = 0.0
        self._model = model
        self._forward = accelerator.compiled(model)
        self._updater = updater
        self._objective = objective
        self._accelerator = accelerator
        self._progress = progress
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._skipped = 0  # steps in a row that could not be taken
        self._since = time.monotonic()

    def step(self, batch: Mapping[str, AnyBatch]) -> None:
        """Send both sides through the encoder as one batch, each through its own decoder, and update all weights."""
        self.batch_size = len(batch[SIDES[0]])
        parts = self._parts(self._forward, batch, self._progress.iteration)
        means = self._updater.step(torch.stack(list(parts.values())), self._progress)
        self._objective.learn(taken=means is not None)
        if means is None:
            self._skipped += 1
            log.warning("iteration %d is left out: its loss is no number", self._progress.iteration + 1)
            return
        self._skipped = 0
        for name, value in zip(parts, means, strict=True):
            self._sums[name] = self._sums.get(name, 0) + value
        self._steps += 1

    def attempt(self, count: int) -> None:
        """Go forward and back with `count` black faces of each side, to see what memory that takes.

        Neither weights nor random numbers are others afterwards.
        """
        side = self._model.resolution
        black = np.zeros((count, side, side, 3), np.uint8)
        regions = np.zeros((count, side, side, 2), np.uint8) if self._objective.needs_regions else None
        batch = FaceBatch(black, black, black[..., 0], regions)
        with torch.random.fork_rng([self._accelerator.device] if self._accelerator.on_gpu else []):
            parts = self._parts(self._model, dict.fromkeys(SIDES, batch), sys.maxsize)
            torch.stack(list(parts.values())).sum().backward()
        self._model.zero_grad()
        self._objective.learn(taken=False)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do what stands inside without counting its time for the images a second."""
        began = time.monotonic()
        yield
        self._since += time.monotonic() - began

    def take_losses(self) -> dict[str, float]:
        """Return the mean losses since the last call: `loss/a/l1` ... by part, `loss/a`, `loss/b` and `loss` in all.

        Empty where no step was taken.
        """
        parts = {f"loss/{name}": float(value) / self._steps for name, value in self._sums.items()}
        seconds = time.monotonic() - self._since
        self.images_per_second = 2 * self.batch_size * self._accelerator.processes.size * self._steps / seconds
        self._sums, self._steps, self._since = {}, 0, time.monotonic()
        return with_totals(parts, "loss") if parts else {}

    def speed(self) -> dict[str, float]:
        """Return images a second, the learning rate and the discriminator's loss, as curves."""
        pace = {"pace/images_per_second": self.images_per_second, "pace/learning_rate": self._updater.rate}
        return pace | self._objective.report()

    @property
    def left_out(self) -> bool:
        """Return whether the last step could not be taken. The weights are then as they were before it."""
        return self._skipped > 0

    def broken(self, look: bool) -> bool:
        """Return whether it is the weights that are broken, not one batch, so that going on would not help.

        Asked to `look`, also whether a loss since the last taking is no number, or a weight: the last step's own loss
        does not show what that step did. To look makes a GPU wait.
        """
        return self._skipped >= PATIENCE or (look and not (self._finite() and self._sound()))

    def forget(self) -> None:
        """Drop the losses since the last taking: the weights are others now."""
        self._sums, self._steps, self._skipped = {}, 0, 0

    def _finite(self) -> bool:
        return not self._sums or bool(torch.stack(list(self._sums.values())).isfinite().all())

    def _sound(self) -> bool:
        norms = torch._foreach_norm([weight.detach() for weight in self._model.parameters()])
        return bool(torch.stack(norms).isfinite().all())

    def _parts(self, forward: Callable[..., Any], batch: Mapping[str, AnyBatch], iteration: int) -> dict[str, Tensor]:
        """Return every part of the loss of both sides, by `side/name`."""
        faces = {side: self.loader.load(batch[side], side) for side in SIDES}
        with self._accelerator.autocast():
            decoded = forward(*(faces[side].inputs for side in SIDES))
        parts = {}
        for side, seen in faces.items():
            images, masks, divergence = decoded[side]
            if divergence is not None:
                parts[f"{side}/kl"] = divergence
            compared = self._objective.reconstruction(images, masks, seen.targets, seen.masks, seen.regions)
            opposed = self._objective.adversarial(images, seen.targets, seen.masks, iteration)
            parts |= {f"{side}/{name}": value for name, value in (compared | opposed).items()}
        return parts
