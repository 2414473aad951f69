"""Weights files for the face-alignment package that load as the real ones do and take a few kilobytes.

All tensors of a network share a small storage, seen through overlapping strides; torch.save keeps it that way.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn


def write_fan(folder: Path, name: str = "2DFAN4-11f355bf06.pth.tar", seed: int = 0) -> Path:
    """A landmark network whose heatmaps are arbitrary but alive: each point has its maximum somewhere."""
    from face_alignment.models import FAN

    return _write(folder / name, _arbitrary(_skeleton(FAN, 4), seed))


def write_sfd(folder: Path, confident: bool = True) -> Path:
    """A detector that sees a face in each square of 128 px, or none at all."""
    from face_alignment.detection.sfd.net_s3fd import s3fd

    state = {name: torch.zeros(1).expand(value.shape) for name, value in _skeleton(s3fd).items()}
    for name, value in list(state.items()):
        if name.endswith("conf.bias"):
            bias = torch.zeros(value.shape)
            bias[-1] = 3.0 if confident and name.startswith("conv7_2") else -3.0  # the last one is "face"
            state[name] = bias
    # boxes are 512 px exp(0.2 w) wide there
    state["conv7_2_mbox_loc.bias"] = torch.tensor([0, 0, 1, 1]) * float(np.log(128 / 512) / 0.2)
    return _write(folder / "s3fd-619a316812.pth", state)


def write_blazeface(folder: Path) -> Path:
    """A detector with constant outputs and its anchors."""
    from face_alignment.detection.blazeface.net_blazeface import BlazeFace

    state = {name: torch.zeros(1).expand(value.shape) for name, value in _skeleton(BlazeFace).items()}
    state["classifier_8.bias"] = torch.full((2,), -9.0)
    state["classifier_16.bias"] = torch.tensor([9.0] + [-9.0] * 5)
    state["regressor_16.bias"] = torch.tensor([0.0, 0.0, 64.0, 64.0] + [0.0] * 92)  # half the picture wide
    anchors = np.zeros((896, 4), np.float32)
    anchors[:] = (0.25, 0.5, 1, 1)
    np.save(folder / "anchors.npy", anchors)
    return _write(folder / "blazeface.pth", state)


def _skeleton(net: type[nn.Module], *arguments: int) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return net(*arguments).state_dict()


def _arbitrary(shapes: dict[str, torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
    numbers = torch.randn(4096, generator=torch.Generator().manual_seed(seed))
    state = {}
    for place, (name, value) in enumerate(shapes.items()):
        if value.dtype != torch.float32:
            state[name] = torch.zeros(value.shape, dtype=value.dtype)
        elif value.ndim < 2:  # biases, and the statistics of batch norms
            number = 1.0 if name.endswith(("running_var", "weight")) else 0.0
            state[name] = torch.full((1,), number).expand(value.shape)
        else:
            fan_in = value[0].numel()
            base = numbers * (2 / fan_in) ** 0.5
            strides = [(7 * (axis + 3) + place) % 13 + 1 for axis in range(value.ndim)]
            span = sum((size - 1) * stride for size, stride in zip(value.shape, strides, strict=True))
            strides = [max(1, stride * 4000 // max(span, 4000)) for stride in strides]
            state[name] = base.as_strided(tuple(value.shape), tuple(strides))
    return state


def _write(path: Path, state: dict[str, torch.Tensor]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path
