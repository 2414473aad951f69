"""Conversion between pictures, (N, H, W, 3) uint8 RGB, and network tensors, (N, 3, H, W) float32."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_unit_range(pictures: NDArray[np.uint8] | Tensor, device: torch.device | str | None = None) -> Tensor:
    """Convert (N, H, W, C) uint8 to (N, C, H, W) float32 in [0, 1]; `device`: where to (None: where it is)."""
    return _channels_first(pictures, device).float() / 255


def to_signed_range(pictures: NDArray[np.uint8] | Tensor, device: torch.device | str | None = None) -> Tensor:
    """Convert (N, H, W, C) uint8 to (N, C, H, W) float32 in [-1, 1]; `device`: where to (None: where it is)."""
    return _channels_first(pictures, device).float().div_(127.5).sub_(1)


def from_unit_range(images: Tensor) -> NDArray[np.uint8]:
    """Convert (N, C, H, W) in [0, 1], clamped, to (N, H, W, C) uint8, rounded to nearest."""
    levels = (images.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def from_signed_range(images: Tensor) -> NDArray[np.uint8]:
    """Convert (N, C, H, W) in [-1, 1], clamped, to (N, H, W, C) uint8, rounded to nearest."""
    levels = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def channels_last(images: Tensor) -> NDArray[np.float32]:
    """Convert (N, C, H, W) to (N, H, W, C) float32, values as they are."""
    return np.ascontiguousarray(images.detach().float().permute(0, 2, 3, 1).cpu().numpy())


def _channels_first(pictures: NDArray[np.uint8] | Tensor, device: torch.device | str | None) -> Tensor:
    values = pictures if isinstance(pictures, Tensor) else torch.from_numpy(np.ascontiguousarray(pictures))
    return (values if device is None else values.to(device)).permute(0, 3, 1, 2)
