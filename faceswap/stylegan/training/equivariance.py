"""Equivariance: what moves one thing of a face in the picture is one and the same step in the styles of every face.

Each factor of a counterfactual set has a direction that is learned with the networks. A face before the move, encoded
and taken along the direction by the known step, must draw the face after it; and back. Directions become straight and
independent because generator and encoder are trained for it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from faceswap.stylegan.data.paired_crops import PairBatch
from faceswap.stylegan.training.state import TrainingNetworks


class Moves(nn.Module):
    """A direction for each factor, (K, rows, w_size)."""

    def __init__(self, factors: int, rows: int, w_size: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.zeros(factors, rows, w_size))

    def forward(self, steps: Tensor) -> Tensor:
        """Return the changes (N, rows, w_size) of codes by steps (N, K)."""
        return torch.einsum("nk,krw->nrw", steps, self.directions)


def moved_rows(networks: TrainingNetworks, pairs: PairBatch, weight: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the rows that must draw `pairs.targets`, each from the other face of its pair; and how far codes disagree.

    Also the weighted mean square of the codes' offsets from W is returned, by which they are held near it.
    """
    moves = networks.moves
    assert moves is not None
    with networks.accelerator.autocast():
        features = networks.encoder.features(pairs.seen)
        mean, _ = networks.encoder.codes(features)
        offsets = networks.encoder.offsets(features)
    before, after = (networks.generator.spread(networks.generator.mapping(mean)) + offsets).chunk(2)
    change = moves(pairs.steps)
    apart = weight * (after - before - change).square().mean()
    return torch.cat([after - change, before + change]), apart, offsets.square().mean()
