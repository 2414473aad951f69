"""One training step, and what can be asked about the model between two steps."""

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
from faceswap.engine.state import TrainingState
from faceswap.engine.update import Updater
from faceswap.swap.data.batches import FaceBatch
from faceswap.swap.data.pair_data import PairData
from faceswap.swap.data.prefetch import AnyBatch, DeviceLoader
from faceswap.swap.losses.adversarial import Adversary
from faceswap.swap.losses.perceptual import LikenessLoss
from faceswap.swap.losses.reconstruction import ReconstructionLoss
from faceswap.swap.models.layers import SIDES, SwapModel
from faceswap.swap.models.weights import describe
from faceswap.swap.training.validator import with_totals

PATIENCE = 3  # steps in a row without a finite loss after which another batch will not help

log = logging.getLogger(__name__)


class TrainStep:
    """A model in training on an accelerator. Losses are summed where they arise and looked at only when taken."""

    def __init__(
        self,
        model: SwapModel,
        updater: Updater,
        loss: ReconstructionLoss,
        accelerator: Accelerator,
        data: PairData,
        progress: TrainingProgress,
        likeness: LikenessLoss | None = None,
        adversary: Adversary | None = None,
    ) -> None:
        self._model = model
        self._forward = accelerator.compiled(model)
        self.loader = DeviceLoader(accelerator, model.resolution, data.sides)
        self._updater = updater
        self._loss = loss
        self._accelerator = accelerator
        self._data = data
        self._batch_size = 0  # of the last step
        self._progress = progress
        self._likeness = likeness
        self._adversary = adversary
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._skipped = 0  # steps in a row that could not be taken
        self._since = time.monotonic()
        self._images_per_second = 0.0

    def step(self, batch: Mapping[str, AnyBatch]) -> None:
        """Both sides through the encoder as one batch, each through its own decoder; one update of all weights."""
        self._batch_size = len(batch[SIDES[0]])
        parts = self._parts(self._forward, batch, self._progress.iteration)
        means = self._updater.step(torch.stack(list(parts.values())), self._progress)
        if self._adversary is not None:
            self._adversary.learn(taken=means is not None)
        if means is None:
            self._skipped += 1
            log.warning("iteration %d is left out: its loss is no number", self._progress.iteration + 1)
            return
        self._skipped = 0
        for name, value in zip(parts, means, strict=True):
            self._sums[name] = self._sums.get(name, 0) + value
        self._steps += 1

    def attempt(self, count: int) -> None:
        """A step's way forward and back with `count` black faces of each side, to see what memory that takes.

        Neither weights nor random numbers are others afterwards.
        """
        side = self._model.resolution
        black = np.zeros((count, side, side, 3), np.uint8)
        regions = np.zeros((count, side, side, 2), np.uint8) if self._loss.needs_regions else None
        batch = FaceBatch(black, black, black[..., 0], regions)
        with torch.random.fork_rng([self._accelerator.device] if self._accelerator.device.type == "cuda" else []):
            parts = self._parts(self._model, dict.fromkeys(SIDES, batch), sys.maxsize)
            torch.stack(list(parts.values())).sum().backward()
        self._model.zero_grad()
        if self._adversary is not None:
            self._adversary.learn(taken=False)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done inside is no training: it does not count for the images a second."""
        began = time.monotonic()
        yield
        self._since += time.monotonic() - began

    def take_losses(self) -> dict[str, float]:
        """Mean losses since the last call: `loss/a/l1` ... by part, `loss/a`, `loss/b` and `loss` in all.

        Empty where no step was taken.
        """
        parts = {f"loss/{name}": float(value) / self._steps for name, value in self._sums.items()}
        seconds = time.monotonic() - self._since
        self._images_per_second = 2 * self._batch_size * self._accelerator.processes.size * self._steps / seconds
        self._sums, self._steps, self._since = {}, 0, time.monotonic()
        return with_totals(parts, "loss") if parts else {}

    def speed(self) -> dict[str, float]:
        """Images a second (both sides) between the last two takings, the learning rate, the discriminator's loss."""
        beside = {} if self._adversary is None else self._adversary.report()
        pace = {"pace/images_per_second": self._images_per_second, "pace/learning_rate": self._updater.rate}
        return pace | {f"loss/{name}": value for name, value in beside.items()}  # TensorBoard sorts: losses come first

    @property
    def left_out(self) -> bool:
        """Whether the last step could not be taken. The weights are then as they were before it."""
        return self._skipped > 0

    def broken(self, look: bool) -> bool:
        """Whether it is the weights that are broken, not one batch, so that going on would not help.

        Asked to `look`, also whether a loss since the last taking is no number, or a weight: the last step's own loss
        does not show what that step did. To look makes a GPU wait.
        """
        return self._skipped >= PATIENCE or (look and not (self._finite() and self._sound()))

    def forget(self) -> None:
        """Drops the losses since the last taking: the weights are others now."""
        self._sums, self._steps, self._skipped = {}, 0, 0

    def _finite(self) -> bool:
        return not self._sums or bool(torch.stack(list(self._sums.values())).isfinite().all())

    def _sound(self) -> bool:
        norms = torch._foreach_norm([weight.detach() for weight in self._model.parameters()])
        return bool(torch.stack(norms).isfinite().all())

    def report(self, state: TrainingState) -> dict[str, Any]:
        """Numbers for report.json."""
        return {
            **describe(self._model, state.iteration),
            "parameters": self._model.parameter_count(),
            "batch_size": self._batch_size,
            "seconds": round(state.seconds, 1),
            "images_per_second": round(self._images_per_second, 1),
            "training_faces": {side: len(self._data.sides[side].indices) for side in SIDES},
            "validation_faces": {side: len(self._data.held_out[side]) for side in SIDES},
            "machine": self._accelerator.describe(),
        }

    def _parts(self, forward: Callable[..., Any], batch: Mapping[str, AnyBatch], iteration: int) -> dict[str, Tensor]:
        """Every part of the loss of both sides, by `side/name`."""
        faces = {side: self.loader.load(batch[side], side) for side in SIDES}
        with self._accelerator.autocast():
            decoded = forward(*(faces[side].inputs for side in SIDES))
        parts = {}
        for side, seen in faces.items():
            images, masks, divergence = decoded[side]
            if divergence is not None:
                parts[f"{side}/kl"] = divergence
            for name, value in self.losses(images, masks, seen.targets, seen.masks, seen.regions).items():
                parts[f"{side}/{name}"] = value
            if self._adversary is not None:
                for name, value in self._adversary(images, seen.targets, seen.masks, iteration).items():
                    parts[f"{side}/{name}"] = value
        return parts

    def losses(
        self, images: Tensor, masks: Tensor | None, targets: Tensor, target_masks: Tensor, regions: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The weighted parts of one side's loss."""
        parts = self._loss(images, masks, targets, target_masks, regions)
        return parts if self._likeness is None else parts | self._likeness(images, targets, target_masks)
