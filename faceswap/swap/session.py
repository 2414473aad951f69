"""One training step, and what can be asked about the model between two steps."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.swap.adversary import Adversary
from faceswap.swap.batches import FaceBatch, RawBatch
from faceswap.swap.blocks import SIDES, SwapModel
from faceswap.swap.checkpoints import TrainingState
from faceswap.swap.clock import Clock
from faceswap.swap.likeness import LikenessLoss
from faceswap.swap.losses import ReconstructionLoss, weighted_mean
from faceswap.swap.machine import Machine
from faceswap.swap.pair_data import PairData
from faceswap.swap.previews import preview_grid
from faceswap.swap.update import Updater
from faceswap.swap.warp import sample_torch
from faceswap.swap.weights import describe

PATIENCE = 3  # steps in a row without a finite loss after which another batch will not help

log = logging.getLogger(__name__)


class Session:
    """A model in training on a machine. Losses are summed where they arise and looked at only when taken."""

    def __init__(
        self,
        model: SwapModel,
        updater: Updater,
        loss: ReconstructionLoss,
        machine: Machine,
        data: PairData,
        batch_size: int,
        clock: Clock,
        likeness: LikenessLoss | None = None,
        adversary: Adversary | None = None,
    ) -> None:
        self._model = model
        self._forward = torch.compile(model) if machine.compile else model
        self._updater = updater
        self._loss = loss
        self._machine = machine
        self._data = data
        self._batch_size = batch_size
        self._clock = clock
        self._likeness = likeness
        self._adversary = adversary
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._skipped = 0  # steps in a row that could not be taken
        self._since = time.monotonic()
        self._images_per_second = 0.0

    def step(self, batch: Mapping[str, FaceBatch | RawBatch]) -> None:
        """Both sides through the encoder as one batch, each through its own decoder; one update of all weights."""
        inputs, targets, target_masks, regions = zip(*(self._to_device(batch[side]) for side in SIDES), strict=True)
        with self._machine.autocast():
            decoded = self._forward(*inputs)
        parts = {}
        for side, target, target_mask, region in zip(SIDES, targets, target_masks, regions, strict=True):
            images, masks, divergence = decoded[side]
            if divergence is not None:
                parts[f"{side}/kl"] = divergence
            for name, value in self._losses(images, masks, target, target_mask, region).items():
                parts[f"{side}/{name}"] = value
            if self._adversary is not None:
                for name, value in self._adversary(images, target, target_mask, self._clock.iteration).items():
                    parts[f"{side}/{name}"] = value
        taken = self._updater.step(torch.stack(list(parts.values())).sum(), self._clock)
        if self._adversary is not None:
            self._adversary.learn(taken)
        if not taken:
            self._skipped += 1
            log.warning("iteration %d is left out: its loss is no number", self._clock.iteration + 1)
            return
        self._skipped = 0
        for name, value in parts.items():
            self._sums[name] = self._sums.get(name, 0) + value.detach()
        self._steps += 1

    def take_losses(self) -> dict[str, float]:
        """Mean losses since the last call: `loss/a/l1` ... by part, `loss/a`, `loss/b` and `loss` in all.

        Empty where no step was taken.
        """
        parts = {f"loss/{name}": float(value) / self._steps for name, value in self._sums.items()}
        seconds = time.monotonic() - self._since
        self._images_per_second = 2 * self._batch_size * self._steps / seconds
        self._sums, self._steps, self._since = {}, 0, time.monotonic()
        return _with_totals(parts, "loss") if parts else {}

    def speed(self) -> dict[str, float]:
        """Images a second (both sides) between the last two takings, and the learning rate."""
        beside = {} if self._adversary is None else self._adversary.report()
        return {"images_per_second": self._images_per_second, "learning_rate": self._updater.rate, **beside}

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

    def validate(self) -> dict[str, float]:
        """Losses of the held-out faces, unwarped, and their PSNR inside the mask; empty when none are held out."""
        if not all(len(views) for views in self._data.held_out.values()):
            return {}
        parts = {}
        with torch.no_grad():
            for side in SIDES:
                targets, target_masks = self._views(self._data.held_out[side])
                with self._machine.autocast():
                    images, masks = self._updater.shown.decode(self._updater.shown.encode(targets), side)
                for name, value in self._losses(images, masks, targets, target_masks).items():
                    parts[f"validation/{side}/{name}"] = float(value)
                error = float(weighted_mean((images - targets).square(), target_masks))
                parts[f"validation/{side}/psnr_db"] = float(-10 * np.log10(max(error, 1e-10)))
        self._since = time.monotonic()  # looking is not training
        return _with_totals(parts, "validation")

    def preview(self) -> NDArray[np.uint8]:
        """The preview grid of the faces chosen for it (previews.py)."""
        with self._machine.autocast():
            pictures = preview_grid(self._updater.shown, *(self._views(self._data.shown[side])[0] for side in SIDES))
        self._since = time.monotonic()
        return pictures

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
            "machine": self._machine.describe(),
        }

    def _losses(
        self, images: Tensor, masks: Tensor | None, targets: Tensor, target_masks: Tensor, regions: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The weighted parts of one side's loss."""
        parts = self._loss(images, masks, targets, target_masks, regions)
        return parts if self._likeness is None else parts | self._likeness(images, targets, target_masks)

    def _to_device(self, batch: FaceBatch | RawBatch) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Inputs, targets (N, 3, R, R), target masks (N, 1, R, R) and regions (N, 2, R, R), float32 in [0, 1]."""
        if isinstance(batch, RawBatch):
            grids = torch.from_numpy(batch.grids).to(self._machine.device)
            pictures = sample_torch(self._float(batch.crops), grids, self._model.resolution)
            inputs, targets, masks = pictures[:, 0, :3], pictures[:, 1, :3], pictures[:, 1, 3:]
        else:
            inputs, targets = self._float(batch.inputs), self._float(batch.targets)
            masks = self._float(batch.masks[..., None])
        regions = None if batch.regions is None else self._float(batch.regions)
        return self._laid_out(inputs), self._laid_out(targets), masks, regions

    def _views(self, views: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        """(N, R, R, 4) uint8 -> images (N, 3, R, R) and masks (N, 1, R, R)."""
        values = self._float(views)
        return self._laid_out(values[:, :3]), values[:, 3:]

    def _float(self, pictures: NDArray[np.uint8]) -> Tensor:
        """(N, H, W, C) uint8 -> (N, C, H, W) float32 in [0, 1] on the device."""
        return torch.from_numpy(pictures).to(self._machine.device).permute(0, 3, 1, 2).float() / 255

    def _laid_out(self, images: Tensor) -> Tensor:
        layout = torch.channels_last if self._machine.channels_last else torch.contiguous_format
        return images.contiguous(memory_format=layout)


def _with_totals(parts: Mapping[str, float], prefix: str) -> dict[str, float]:
    """The parts and, under `prefix/a`, `prefix/b` and `prefix`, their sums (PSNR is no part of a loss)."""
    summed = {name: value for name, value in parts.items() if not name.endswith("psnr_db")}
    totals = {
        f"{prefix}/{side}": sum(value for name, value in summed.items() if name.startswith(f"{prefix}/{side}/"))
        for side in SIDES
    }
    return {**parts, **totals, prefix: sum(totals.values())}
