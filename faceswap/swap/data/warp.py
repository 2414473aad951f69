"""The random geometry of training, defined once as numbers and drawn by cv2 (CPU) or grid_sample (GPU).

Two spaces, both in units of a side, so that one draw serves every resolution: *view* is the square that the model sees,
*crop* the stored face. Their borders are 0 and 1: a picture of S pixels has its pixel centres at (index + 0.5) / S.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.swap.data.config import WarpConfig

if TYPE_CHECKING:
    import torch
    from torch import Tensor

GRID = 5  # control points a side


@dataclass(frozen=True, eq=False)
class WarpField:
    """What N faces' warps are: where every control point of the view lies in the crop, (N, 5, 5, 2) as x, y.

    `target` is an affine image of the even grid; `input` is the same with every point jittered. Between control points
    positions are bilinear, which reproduces the affine exactly: one map holds view, affine and jitter, and each pixel
    is resampled once.
    """

    input: NDArray[np.float32]
    target: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name, grid in (("input", self.input), ("target", self.target)):
            if grid.ndim != 4 or grid.shape[1:] != (GRID, GRID, 2):
                raise ValueError(f"WarpField.{name} must be (N, {GRID}, {GRID}, 2), not {grid.shape}")

    def __len__(self) -> int:
        return len(self.input)

    @property
    def grids(self) -> NDArray[np.float32]:
        """(N, 2, 5, 5, 2): input, then target."""
        return np.stack([self.input, self.target], 1)


class Warp(WarpConfig):
    """How far training moves a face. Input and target share rotation, zoom, shift and flip; only the input is jittered.

    `rotation_degrees`: turns by up to +- this angle. `zoom`: scales by 1 +- this share. `shift`: moves by up to this
    share of the view's side. `flip`: probability of a mirror image. `jitter`: standard deviation of the input's 5x5
    control points, in shares of the view's side (5 px of 256). `jitter_steps`: steps of the run after which there is
    no more jitter, so that the last of them sharpen what is shown as it is; None: never.
    """

    def at(self, batch: int) -> Warp:
        """The warp of batch number `batch`, from 0."""
        over = self.jitter_steps is not None and batch >= self.jitter_steps
        return replace(self, jitter=0.0) if over else self

    def draw(self, rng: np.random.Generator, count: int, coverage: float) -> WarpField:
        """Random warps of `count` faces; the model sees the crop's central `coverage`."""
        angle = np.radians(rng.uniform(-self.rotation_degrees, self.rotation_degrees, count))
        scale = coverage / rng.uniform(1 - self.zoom, 1 + self.zoom, count)
        mirror = np.where(rng.random(count) < self.flip, -1.0, 1.0)
        centre = 0.5 + coverage * rng.uniform(-self.shift, self.shift, (count, 2))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.stack([np.stack([cos * mirror, -sin], -1), np.stack([sin * mirror, cos], -1)], 1)

        even = _even_grid()
        jittered = even + rng.normal(0.0, self.jitter, (count, GRID, GRID, 2))
        place = centre[:, None, None]
        return WarpField(
            input=(np.einsum("nij,nyxj->nyxi", linear, jittered) + place).astype(np.float32),
            target=(np.einsum("nij,yxj->nyxi", linear, even) + place).astype(np.float32),
        )


def still(coverage: float) -> NDArray[np.float32]:
    """The control grid (5, 5, 2) of no warp at all: the plain central view, as inference sees it."""
    return (0.5 + coverage * _even_grid()).astype(np.float32)


def sampling_maps(grids: NDArray[np.float32], resolution_px: int) -> NDArray[np.float32]:
    """Control grids (K, 5, 5, 2) -> dense maps (K, R, R, 2), in the grids' units; R is a multiple of 8.

    Enlarged to 1.25 R and cut by a tenth on each side, the outer control points come to lie on the view's border. No
    matrix product: the library's wakes all cores for it, which the model needs (8 x the CPU time at 256 px).
    """
    if resolution_px % 8:
        raise ValueError(f"the warp needs a resolution that is a multiple of 8, not {resolution_px}")
    size, margin = resolution_px * GRID // (GRID - 1), resolution_px // 8
    inner = slice(margin, margin + resolution_px)
    maps = np.empty((len(grids), resolution_px, resolution_px, 2), np.float32)
    for grid, dense in zip(grids, maps, strict=True):
        dense[:] = cv2.resize(grid, (size, size), interpolation=cv2.INTER_LINEAR)[inner, inner]
    return maps


def sample_cv2(crop: NDArray[np.uint8], grids: NDArray[np.float32], resolution_px: int) -> NDArray[np.uint8]:
    """One crop (S, S, C) uint8 seen through K control grids (K, 5, 5, 2): (K, R, R, C) uint8, edges repeated."""
    positions = sampling_maps(grids * crop.shape[0] - np.float32(0.5), resolution_px)
    tall = positions.reshape(-1, resolution_px, 2)  # one call draws all of them, one above the other
    nothing: Any = None  # both maps are in the first
    drawn = cv2.remap(np.asarray(crop), tall, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return drawn.reshape(len(grids), resolution_px, resolution_px, -1)


def sample_torch(crops: Tensor, grids: Tensor, resolution_px: int) -> Tensor:
    """The same on any device for a batch: (N, C, S, S) float through (N, K, 5, 5, 2) -> (N, K, C, R, R) float."""
    import torch
    from torch.nn import functional

    rows = _basis_on(resolution_px, grids.device)
    maps = torch.einsum("yi,nkijc,xj->nkyxc", rows, grids, rows).flatten(1, 2)
    tall = functional.grid_sample(crops, maps * 2 - 1, "bilinear", "border", align_corners=False)
    return tall.unflatten(2, (grids.shape[1], resolution_px)).transpose(1, 2)


@lru_cache(maxsize=8)
def _basis(resolution_px: int) -> NDArray[np.float32]:
    """(R, 5) bilinear weights of the control points, which span the view from border to border, at R pixel centres."""
    position = (np.arange(resolution_px) + 0.5) / resolution_px * (GRID - 1)
    return np.maximum(0, 1 - np.abs(position[:, None] - np.arange(GRID))).astype(np.float32)


@lru_cache(maxsize=8)
def _basis_on(resolution_px: int, device: torch.device) -> Tensor:
    """The same on a device, once: a copy for every batch would hold the GPU up."""
    import torch

    return torch.tensor(_basis(resolution_px), device=device)


def _even_grid() -> NDArray[np.float64]:
    """(5, 5, 2) control points over the view, measured from its centre: x, y in [-0.5, 0.5]."""
    line = np.linspace(-0.5, 0.5, GRID)
    return np.stack(np.meshgrid(line, line), -1)
