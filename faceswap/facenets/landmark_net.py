"""The landmark network: 68 landmarks, their visibility and a face score from an upright square window."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from faceswap.core.values import POINT_COUNT
from faceswap.facenets.layers import trunk


class LandmarkNet(nn.Module):
    """(N, 3, R, R) in [-1, 1] -> points (N, P, 2), log spread (N, P), visibility logits (N, 68), face logits (N,).

    Points are in units of half the window, 0 at its centre; the spread is the scale of the Laplace distribution that
    the network expects its error to have, in the same units (after the Gaussian of Wood et al. 2022, "3D face
    reconstruction with dense landmarks", less shaken by outliers). The first 68 points are the iBUG ones; the others
    lie spread over the face and only teach the trunk where everything is. `definition` (68, 2), same units: what to add
    to them where others define the points differently than the rendered heads do (see tools/train_eyes/definition.py).
    """

    definition: Tensor

    def __init__(
        self,
        resolution_px: int = 96,
        widths: Sequence[int] = (32, 48, 96, 160),
        residuals: Sequence[int] = (0, 1, 2, 1),
        hidden: int = 256,
        extra_points: int = 92,
    ) -> None:
        super().__init__()
        self.settings = {
            "resolution_px": resolution_px,
            "widths": list(widths),
            "residuals": list(residuals),
            "hidden": hidden,
            "extra_points": extra_points,
        }
        self.resolution_px = resolution_px
        self.points = POINT_COUNT + extra_points
        side = resolution_px // 2 ** len(widths)
        self.trunk = trunk(widths, residuals)
        self.narrow = nn.Sequential(nn.Conv2d(widths[-1], 64, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
        self.hidden = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * side * side, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)
        )
        self.register_buffer("definition", torch.zeros(POINT_COUNT, 2))
        self.head = nn.Linear(hidden, self.points * 3 + POINT_COUNT + 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        values = self.head(self.hidden(self.narrow(self.trunk(images)))).float()
        points, spread, visible, face = values.split([2 * self.points, self.points, POINT_COUNT, 1], 1)
        return points.view(-1, self.points, 2), spread.clamp(-6, 2), visible, face[:, 0]
