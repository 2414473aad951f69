"""Face embeddings: unit vectors of 128 numbers, close together for the same person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faceswap.facenets.layers import ResidualBlock, trunk
from faceswap.facenets.views import ViewReader
from faceswap.utils.files.pretrained import entry_of

if TYPE_CHECKING:
    from faceswap.facenets.inception_resnet import PublicEmbedder

RESOLUTION_PX = 96
COVERAGE = 0.68  # chin and the lower forehead are in view: little hair, nearly no clothes


class EmbedderNet(nn.Module):
    """(N, 3, 96, 96) in [-1, 1] -> (N, 128), not yet of length 1.

    The last map is not averaged: where a feature lies says as much of a face as how strong it is. A batch norm without
    shift ends it (as in ArcFace, Deng et al. 2019), so that every number has its say.
    """

    def __init__(
        self,
        size: int = 128,
        widths: Sequence[int] = (32, 48, 96, 192),
        residuals: Sequence[int] = (0, 1, 1, 1),
        last: int = 64,
    ) -> None:
        super().__init__()
        self.settings = {"size": size, "widths": list(widths), "residuals": list(residuals), "last": last}
        self.size = size
        side = RESOLUTION_PX // 2 ** len(widths)
        self.trunk = trunk(widths, residuals)
        self.narrow = nn.Sequential(nn.Conv2d(widths[-1], last, 1, bias=False), nn.BatchNorm2d(last))
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.1), nn.Linear(last * side * side, size, bias=False), nn.BatchNorm1d(size)
        )
        self.head[-1].bias.requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.narrow(self.trunk(images)))

    def stages(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the features at the end of every stage of the trunk, finest first, and the vectors; all float32."""
        features, stages = images, []
        layers = list(self.trunk)
        for layer, following in zip(layers, [*layers[1:], None], strict=True):
            features = layer(features)
            if not isinstance(following, ResidualBlock):  # the last layer of its size
                stages.append(features.float())
        return stages, self.head(self.narrow(features)).float()


class FaceEmbedder(ViewReader):
    """Embeds faces; `network` replaces the pretrained one. Loads its weights at the first face."""

    size = 128  # numbers in a vector

    def __init__(self, device: str = "auto", network: nn.Module | None = None) -> None:
        super().__init__("embedder", EmbedderNet, COVERAGE, RESOLUTION_PX, device, network)

    @property
    def description(self) -> str:
        """Names the pretrained weights: vectors of other weights cannot be compared with theirs."""
        return f"builtin {entry_of('embedder').tag}"

    def embed(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return unit vectors (n, 128) float32 of n faces; their dot products are similarities in [-1, 1].

        Args:
            images: The picture (H, W, 3) uint8 RGB of each face.
            points: Its (68, 2) in that picture's pixels.

        Raises:
            ValueError: For points that coincide.
        """
        views, _ = self.cut(images, points)
        return self.answers(views, lambda vectors: functional.normalize(vectors, dim=1))


def embedder_of(weights: str | None = None, device: str = "auto") -> FaceEmbedder | PublicEmbedder:
    """Return the built-in embedder; with a file of facenet-pytorch's `weights`, the one that they make.

    Raises UserError.
    """
    if not weights:
        return FaceEmbedder(device)
    from faceswap.facenets.inception_resnet import PublicEmbedder

    return PublicEmbedder(weights, device)
