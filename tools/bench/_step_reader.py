"""Reads off two pictures of a face by how much each factor was moved between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

RIDGE = 0.005  # of the mean square of differences
GRID_PX = (32, 16)  # pictures are compared at these sizes

Features = Callable[[Tensor], list[Tensor]]  # pictures (N, 3, R, R) in [-1, 1] -> stages (N, C, H, W)


@dataclass(frozen=True, eq=False)
class StepReader:
    """Linear in differences of features: pixels and an embedder's stages. `weights` (D, K), `scales` of the blocks."""

    features: Features
    weights: Tensor
    scales: Tensor

    @classmethod
    def fit(cls, features: Features, before: Tensor, after: Tensor, steps: Tensor) -> StepReader:
        """Fit to pairs of pictures (N, 3, R, R) and what was moved between them by how much, (N, K)."""
        blocks = [two - one for one, two in zip(_seen(features, before), _seen(features, after), strict=True)]
        scales = torch.stack([block.square().sum(1).mean().rsqrt() for block in blocks])
        differences = torch.cat([block * scale for block, scale in zip(blocks, scales, strict=True)], 1).double()
        # As many unknowns as pairs, not as features: the answer is a sum over the pairs'.
        likeness = differences @ differences.T
        ridge = RIDGE * likeness.diagonal().mean() * torch.eye(len(likeness), dtype=torch.float64)
        return cls(features, (differences.T @ torch.linalg.solve(likeness + ridge, steps.double())).float(), scales)

    def read(self, before: Tensor, after: Tensor) -> Tensor:
        """Return the steps (N, K) from pictures to others of the same faces."""
        pairs = zip(_seen(self.features, before), _seen(self.features, after), self.scales, strict=True)
        return torch.cat([(two - one) * scale for one, two, scale in pairs], 1) @ self.weights


def _seen(features: Features, images: Tensor) -> list[Tensor]:
    blocks = [functional.adaptive_avg_pool2d(images, side) for side in GRID_PX]
    for stages in zip(*(features(part) for part in images.split(64)), strict=True):
        stage = torch.cat(list(stages))
        blocks.append(functional.adaptive_avg_pool2d(stage, min(6, stage.shape[-1])))
    return [block.flatten(1).float() for block in blocks]
