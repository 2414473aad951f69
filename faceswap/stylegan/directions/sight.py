"""What the face embedder sees change between two pictures: a smile is few pixels and much of what it sees of a face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.facenets import embedder
from faceswap.facenets.loading import load_network
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.directions.pair_pictures import SeenPairs
from faceswap.swap.losses.perceptual import inner_view

BATCH = 32
PLACES_PX = 12  # side of the maps that are compared: a feature may lie a little beside where it should

Sight = Callable[[Tensor], Tensor]  # pictures (N, 3, R, R) in [-1, 1] -> what is seen of them (N, D)


def embedder_sight(device: str = "auto") -> Sight:
    """Return the built-in embedder's sight: every stage's features, of length 1 at each place. Raises UserError."""
    network, _ = load_network("embedder", embedder.EmbedderNet, device)

    def see(images: Tensor) -> Tensor:
        stages, _ = network.stages(inner_view(images, embedder.COVERAGE / STYLE_COVERAGE, embedder.RESOLUTION_PX))
        return torch.cat([_flat(stage) for stage in stages], 1)

    return see


def _flat(stage: Tensor) -> Tensor:
    pooled = functional.adaptive_avg_pool2d(
        functional.normalize(stage, dim=1, eps=1e-6), min(PLACES_PX, stage.shape[-1])
    )
    return pooled.flatten(1) / pooled.shape[-1]  # a stage counts as its mean place


class SeenChanges:
    """What is seen to change in pairs, against which drawings are held; kept in half precision."""

    def __init__(self, sight: Sight, seen: SeenPairs, unmoved: Tensor) -> None:
        self._sight = sight
        self._true, self._unmoved = _all_seen(sight, seen.images), _all_seen(sight, unmoved)
        change = self._true[seen.pairs.after].float() - self._true[seen.pairs.before].float()
        self.weights = equal_weights(change.square().sum(1), seen.pairs.steps)

    def error(self, drawn: Tensor, start: NDArray[np.int64], end: NDArray[np.int64]) -> Tensor:
        """Return (n,): how far the change from the drawings of faces at `start` is from that of their pictures."""
        moved = self._sight(drawn) - self._unmoved[start].float()
        return (moved - (self._true[end].float() - self._true[start].float())).square().sum(1)


def equal_weights(sizes: Tensor, steps: NDArray[np.float64]) -> Tensor:
    """Return weights (N,) of pairs by which a factor that changes little counts as much as one that changes much.

    Args:
        sizes: (N,) Mean square of each pair's change.
        steps: (N, K) Of each factor; 0 where it is not moved.
    """
    moved = torch.from_numpy(steps != 0).to(sizes)
    of_factor = (moved * sizes[:, None]).sum(0) / moved.sum(0)
    return 1 / ((moved * of_factor).sum(1) / moved.sum(1)).clamp(min=1e-6)


@torch.no_grad()
def _all_seen(sight: Sight, images: Tensor) -> Tensor:
    return torch.cat([sight(part).half() for part in images.split(BATCH)])
