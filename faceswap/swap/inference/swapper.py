"""A trained pair at work: views of faces in, the other face out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.core.values import Decoded
from faceswap.engine.accelerator import Accelerator, choose_accelerator
from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.weights import load_model
from faceswap.swap.runs.checkpoints import find_weights
from faceswap.utils.choices import Precision, Side
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.images import channels_last, to_unit_range


@dataclass(frozen=True, eq=False)
class TrainedSwapper:
    """A model ready to swap; `description` is for results: model, settings, iteration, version, run, sha256."""

    model: SwapModel
    accelerator: Accelerator
    description: dict[str, Any]

    @classmethod
    def load(
        cls, run: Path, checkpoint: str | Path | None = None, device: str = "auto", precision: Precision = "auto"
    ) -> TrainedSwapper:
        """The newest readable checkpoint of `run`, or the one named by `checkpoint`: its folder's name or any path.

        `run` may also be a checkpoint folder or a weights file. Raises UserError when there is none that can be read.
        """
        source = Path(run)
        if checkpoint is not None:
            inside = source / "checkpoints" / str(checkpoint)
            source = inside if inside.exists() else Path(checkpoint)
        weights = find_weights(source)
        accelerator = choose_accelerator(device, precision)
        model, description = load_model(weights)
        description |= {"run": Path(run).name, "sha256": sha256_of(weights)}
        return cls(accelerator.place(model).eval(), accelerator, description)

    @property
    def resolution(self) -> int:
        """Side of the views and of what comes back, px."""
        return self.model.resolution

    @property
    def coverage(self) -> float:
        """Share of the aligned crop's side that a view shows."""
        return self.model.coverage

    def swap(self, views: NDArray[np.uint8], to: Side = "a") -> Decoded:
        """(N, R, R, 3) uint8 RGB views of one face -> the same expressions on the face of side `to`.

        Masks are None from a model that has learned none. Raises ValueError for views of another shape.
        """
        expected = (self.resolution, self.resolution, 3)
        if views.dtype != np.uint8 or views.ndim != 4 or views.shape[1:] != expected:
            raise ValueError(f"views must be (N, *{expected}) uint8, not {views.shape} {views.dtype}")
        images = to_unit_range(views, self.accelerator.device)
        with torch.inference_mode(), self.accelerator.autocast():
            pictures, masks = self.model.decode(self.model.encode(images), to)
        return Decoded(
            images=channels_last(pictures),
            masks=None if masks is None else masks.float()[:, 0].contiguous().cpu().numpy(),
        )
