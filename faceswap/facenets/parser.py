"""Face parsing: the class of each pixel (skin, brows, eyes, ...), occluders included."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.facenets.layers import ResidualBlock, conv_block
from faceswap.facenets.views import ViewReader

NAMES = (
    "background", "skin", "brows", "eyes", "nose", "lips", "mouth", "hair", "neck", "cloth", "occluder", "beard",
    "ears",
)  # fmt: skip
FACE = tuple(NAMES.index(name) for name in ("skin", "brows", "eyes", "nose", "lips", "mouth", "beard"))
HEAD = (*FACE, *(NAMES.index(name) for name in ("hair", "neck", "ears")))
RESOLUTION_PX = 256
COVERAGE = 0.9  # forehead, hair and neck are in view


class ParserNet(nn.Module):
    """A small U-Net (Ronneberger et al. 2015): (N, 3, 256, 256) in [-1, 1] -> logits (N, classes, 256, 256).

    Most work is done at a quarter of the resolution and below; each cell of the last map answers for four pixels.
    """

    def __init__(self, classes: int = len(NAMES), widths: Sequence[int] = (24, 40, 80, 128, 160)) -> None:
        super().__init__()
        self.settings = {"classes": classes, "widths": list(widths)}
        first, *_ = widths
        self.stem = conv_block(3, first, stride=2, kernel=5)
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(before, after, stride=2), ResidualBlock(after))
            for before, after in pairwise(widths)
        )
        self.up = nn.ModuleList(
            conv_block(deep, shallow, kernel=1) for deep, shallow in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.join = nn.ModuleList(conv_block(shallow, shallow) for shallow in widths[-2:0:-1])
        self.finish = conv_block(2 * first, 2 * first)
        self.out = nn.Conv2d(2 * first, 4 * classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        cells = self.cells(images)
        count, height, width, *_, classes = cells.shape
        return cells.permute(0, 5, 1, 3, 2, 4).reshape(count, classes, 2 * height, 2 * width)

    def cells(self, images: Tensor) -> Tensor:
        """Return the logits before they are put into pictures, (N, 128, 128, 2, 2, classes).

        Losses read these faster.
        """
        features = [self.stem(images)]
        for stage in self.down:
            features.append(stage(features[-1]))
        deep = features.pop()
        for up, join in zip(self.up, self.join, strict=False):
            deep = join(self._enlarged(up(deep)) + features.pop())
        fine = torch.cat([self._enlarged(self.up[-1](deep)), features.pop()], 1)
        return self.out(self.finish(fine)).permute(0, 2, 3, 1).unflatten(3, (2, 2, -1))

    @staticmethod
    def _enlarged(features: Tensor) -> Tensor:
        return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)


class FaceParser(ViewReader):
    """Reads classes from faces; `network` replaces the pretrained one. Loads its weights at the first face."""

    def __init__(self, device: str = "auto", network: nn.Module | None = None) -> None:
        super().__init__("parser", ParserNet, COVERAGE, RESOLUTION_PX, device, network, mixed=True)
        self._known: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._most_known = 0

    def remember(self, most: int) -> None:
        """Keep the answers to the last `most` views, 3.4 MB each, for whoever asks about the same pixels again."""
        self._most_known = max(self._most_known, most)

    def parse(
        self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return class probabilities (n, classes, 256, 256) of NAMES in the upright views of n faces.

        Args:
            images: The picture (H, W, 3) uint8 RGB of each face.
            points: Its (68, 2) in that picture's pixels.

        Returns:
            The probabilities, and frame_to_view (n, 2, 3) from each picture to its view.

        Raises:
            ValueError: For points that coincide.
        """
        views, matrices = self.cut(images, points)
        return self._remembered(views) if self._most_known else self._parsed(views), matrices

    def _parsed(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.answers(views, lambda logits: logits.softmax(1))

    def _remembered(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        keys = [hashlib.blake2b(view.tobytes()).digest() for view in views]
        fresh = [index for index, key in enumerate(keys) if key not in self._known]
        found = dict(zip((keys[index] for index in fresh), self._parsed(views[fresh]), strict=True)) if fresh else {}
        for key in keys:
            self._known[key] = found[key] = self._known.pop(key, found.get(key))  # the last asked for comes last
        while len(self._known) > self._most_known:
            self._known.popitem(last=False)
        return np.stack([found[key] for key in keys]) if keys else self._parsed(views)
