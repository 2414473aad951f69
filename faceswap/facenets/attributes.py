"""Attributes of faces: age, gender, smile, pose, glasses, beard, colours; for curation and editing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faceswap.facenets.layers import trunk
from faceswap.facenets.views import ViewReader, roll_of

RESOLUTION_PX = 64
COVERAGE = 1.0  # the whole stored crop: hair and beard are in view

Rgb = tuple[float, float, float]

# What the network's outputs mean. Numbers are learned as (value - middle) / spread, shares as logits.
NUMBERS = {"age": (40.0, 15.0), "yaw": (0.0, 30.0), "pitch": (0.0, 12.0), "roll": (0.0, 8.0)}
SHARES = ("gender", "smile", "glasses", "sunglasses", "beard", "bald")
COLOURS = ("skin", "hair")  # sRGB, each channel a logit
OUTPUTS = len(NUMBERS) + len(SHARES) + 3 * len(COLOURS)


@dataclass(frozen=True)
class Attributes:
    """What a picture of a face suggests; guesses of a small network that has seen rendered adults only.

    `age` in years; `gender` in [0, 1], 0 female, 1 male looks; `smile`, `glasses`, `sunglasses`, `beard`, `bald` in
    [0, 1]; `yaw`, `pitch`, `roll` in degrees in the picture (see `geometry.Pose`); `skin`, `hair`: sRGB in [0, 1] as
    under white light (without hair, that of the brows).
    """

    age: float
    gender: float
    smile: float
    glasses: float
    sunglasses: float
    beard: float
    bald: float
    yaw: float
    pitch: float
    roll: float
    skin: Rgb
    hair: Rgb


class AttributeNet(nn.Module):
    """(N, 3, 64, 64) in [-1, 1] -> (N, OUTPUTS): NUMBERS, SHARES, then the channels of COLOURS; see `meaning`."""

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 96), residuals: Sequence[int] = (0, 1, 1, 1)) -> None:
        super().__init__()
        self.settings = {"widths": list(widths), "residuals": list(residuals)}
        side = RESOLUTION_PX // 2 ** len(widths)
        self.trunk = trunk(widths, residuals)
        self.narrow = nn.Sequential(nn.Conv2d(widths[-1], 48, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU(inplace=True))
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(48 * side * side, 96), nn.ReLU(inplace=True), nn.Linear(96, OUTPUTS)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.narrow(self.trunk(images)))


def meaning(values: Tensor) -> Tensor:
    """Return outputs (N, OUTPUTS) in their units: years and degrees, shares and sRGB in [0, 1]."""
    middle, spread = (torch.tensor(column, device=values.device) for column in zip(*NUMBERS.values(), strict=True))
    numbers, others = values.split([len(NUMBERS), OUTPUTS - len(NUMBERS)], 1)
    return torch.cat([numbers * spread + middle, others.sigmoid()], 1)


class AttributeReader(ViewReader):
    """Reads attributes of faces; `network` replaces the pretrained one. Loads its weights at the first face."""

    def __init__(self, device: str = "auto", network: nn.Module | None = None) -> None:
        super().__init__("attributes", AttributeNet, COVERAGE, RESOLUTION_PX, device, network)

    def read(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> list[Attributes]:
        """Return the attributes of n faces.

        Args:
            images: The picture (H, W, 3) uint8 RGB of each face.
            points: Its (68, 2) in that picture's pixels.

        Raises:
            ValueError: For points that coincide.
        """
        views, matrices = self.cut(images, points)
        rows = self.answers(views, meaning)
        return [_attributes(row, roll_of(matrix)) for row, matrix in zip(rows, matrices, strict=True)]


def _attributes(row: NDArray[np.float32], roll: float) -> Attributes:
    named = dict(zip((*NUMBERS, *SHARES), row.tolist(), strict=False))
    # the view is upright as the points have it; what the network sees is the roll that is left
    named["roll"] = (named["roll"] + roll + 180) % 360 - 180
    skin, hair = row[len(named) :].reshape(len(COLOURS), 3)
    return Attributes(**named, skin=_rgb(skin), hair=_rgb(hair))


def _rgb(channels: NDArray[np.float32]) -> Rgb:
    red, green, blue = channels.tolist()
    return red, green, blue
