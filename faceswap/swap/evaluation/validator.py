"""Validation between two steps: losses on held-out faces, what the evaluator measures of the swap, previews."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.engine.accelerator import Accelerator
from faceswap.swap.data.pair_data import PREVIEW_FACES, FaceViews, PairData
from faceswap.swap.evaluation.evaluator import SwapEvaluator
from faceswap.swap.evaluation.health import HealthMonitor
from faceswap.swap.evaluation.previews import preview_grid, swap_grid
from faceswap.swap.losses.reconstruction import weighted_mean
from faceswap.swap.models.layers import SIDES, SwapModel
from faceswap.utils.images import from_unit_range, to_unit_range

Losses = Callable[[Tensor, Tensor | None, Tensor, Tensor], Mapping[str, Tensor]]


class Validator:
    """Measure and draw what a model in training makes of faces that it does not train on.

    Args:
        model: The model that is to be used later on: the averaged one, where an average is kept.
        losses: The training's losses, of images, masks, targets and target masks.
        accelerator: What the model runs on.
        data: The pair; faces are held out of it and some are shown.
        evaluator: Measures whose face the swap is; None leaves that out.

    Attributes:
        seconds: What the parts of the last validation took, by name.
    """

    def __init__(
        self,
        model: SwapModel,
        losses: Losses,
        accelerator: Accelerator,
        data: PairData,
        evaluator: SwapEvaluator | None = None,
    ) -> None:
        self.model = model
        self.seconds: dict[str, float] = {}
        self._losses = losses
        self._accelerator = accelerator
        self._data = data
        self._evaluator = evaluator
        self._health = HealthMonitor(data.shown["b"])

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Return losses and PSNR (dB, inside the mask) of held-out faces, unwarped, and the evaluator's measures.

        Names begin with `validation`; empty when no faces are held out.
        """
        if not all(len(views) for views in self._data.held_out.values()):
            return {}
        parts: dict[str, float] = {}
        began = time.monotonic()
        for side in SIDES:
            targets, target_masks = self._tensors(self._data.held_out[side])
            with self._accelerator.autocast():
                images, masks = self.model.decode(self.model.encode(targets), side)
            for name, value in self._losses(images, masks, targets, target_masks).items():
                parts[f"validation/{side}/{name}"] = float(value)
            error = float(weighted_mean((images - targets).square(), target_masks))
            parts[f"validation/{side}/psnr_db"] = float(-10 * np.log10(max(error, 1e-10)))
        self.seconds["validation"] = round(time.monotonic() - began, 3)
        return with_totals(parts, "validation") | self._evaluate()

    @torch.no_grad()
    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Return previews by kind: "" faces of both sides, `held_out` the swap of faces that never train, if any."""
        began = time.monotonic()
        with self._accelerator.autocast():
            faces = [self._tensors(self._data.shown[side])[0] for side in SIDES]
            pictures = {"": preview_grid(self.model, *faces)}
            if held_out := self._data.held_out["b"].some(PREVIEW_FACES):
                faces_b, _ = self._tensors(held_out)
                pictures["held_out"] = swap_grid(faces_b, *self.model.decode(self.model.encode(faces_b), "a"))
        self.seconds["pictures"] = round(time.monotonic() - began, 3)
        return pictures

    @torch.no_grad()
    def check(self, validation: Mapping[str, float], iteration: int, finished: bool) -> None:
        """Warn where the model draws nothing any more (see health.py)."""
        self._health.check(self._swaps(self._data.shown["b"]), validation, iteration, finished)

    def _evaluate(self) -> dict[str, float]:
        if self._evaluator is None:
            return {}
        began = time.monotonic()
        measures = self._evaluator(self._swaps(self._evaluator.faces))
        self.seconds["judging"] = round(time.monotonic() - began, 3)
        return {f"validation/swap/{name}": value for name, value in measures.items()}

    def _swaps(self, faces: FaceViews) -> NDArray[np.uint8]:
        """(N, R, R, 3): the faces as decoder A draws them."""
        with self._accelerator.autocast():
            images, _ = self.model.decode(self.model.encode(self._tensors(faces)[0]), "a")
        return from_unit_range(images)

    def _tensors(self, faces: FaceViews) -> tuple[Tensor, Tensor]:
        """Images (N, 3, R, R) and masks (N, 1, R, R), float32 in [0, 1] on the device."""
        pictures = to_unit_range(faces.pictures, self._accelerator.device)
        layout = torch.channels_last if self._accelerator.channels_last else torch.contiguous_format
        return pictures[:, :3].contiguous(memory_format=layout), pictures[:, 3:]


def with_totals(parts: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Return the parts and, under `prefix/a`, `prefix/b` and `prefix`, their sums (PSNR is no part of a loss)."""
    summed = {name: value for name, value in parts.items() if not name.endswith("psnr_db")}
    totals = {
        f"{prefix}/{side}": sum(value for name, value in summed.items() if name.startswith(f"{prefix}/{side}/"))
        for side in SIDES
    }
    return {**parts, **totals, prefix: sum(totals.values())}
