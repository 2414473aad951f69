"""Weights that are exported, and what the tests of exports share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.swap.models.layers import SwapModel
from faceswap.swap.models.weights import describe
from faceswap.utils.files.tensor_files import HEADER_KEY, save_tensors


def write_weights(folder: Path, model: SwapModel) -> Path:
    """The model's weights file; its decoders are made to differ."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    path = folder / "model.safetensors"
    save_tensors(model.state_dict(), path, {HEADER_KEY: json.dumps(describe(model, 7))})
    return path


def views(count: int, side_px: int) -> NDArray[np.uint8]:
    """Noise (count, side_px, side_px, 3)."""
    return np.random.default_rng(0).integers(0, 256, (count, side_px, side_px, 3), np.uint8)
