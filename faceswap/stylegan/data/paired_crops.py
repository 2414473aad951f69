"""Batches of packed pairs: a face before and after one thing of it was moved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from faceswap.stylegan.data.packed import TARGETS_FILE, Pictures, open_pictures
from faceswap.stylegan.data.pairs import Pairs, read_pairs
from faceswap.utils.errors import UserError
from faceswap.utils.images import to_signed_range


@dataclass(frozen=True, eq=False)
class PairBatch:
    """`seen`, `targets` (2 N, 3, R, R) in [-1, 1]: N faces before a move, then the same after it; `steps` (N, K).

    Steps are in the root mean square of each factor's.
    """

    seen: Tensor
    targets: Tensor
    steps: Tensor


class PairedCrops:
    """The pairs of a folder with pairs.csv and packed crops."""

    def __init__(self, pairs: Pairs, crops: Pictures) -> None:
        self.names, self._crops = list(pairs.names), crops
        rows = np.array([int(name) for name in pairs.pictures])
        self._before, self._after = rows[pairs.before], rows[pairs.after]
        self._steps = (pairs.steps / np.sqrt((pairs.steps**2).sum(0) / (pairs.steps != 0).sum(0))).astype(np.float32)

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def fingerprint(self) -> str:
        """What tells these pairs from others, wherever they lie: their table, and some of their pictures."""
        digest = hashlib.sha256(f"{self.names} {self._crops.fingerprint}".encode())
        for part in (self._before, self._after, self._steps):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]

    def batch(self, number: int, size: int, seed: int, device: torch.device) -> PairBatch:
        """Return batch `number` of `size` pairs, the same whenever it is asked for.

        Never mirrored: a turn of the head has a side.
        """
        chosen = np.random.default_rng([seed, number, 2]).integers(0, len(self), size)
        places = np.concatenate([self._before[chosen], self._after[chosen]])
        seen, targets = (
            to_signed_range(pictures[places]).to(device).contiguous(memory_format=torch.channels_last)
            for pictures in (self._crops.seen, self._crops.targets)
        )
        return PairBatch(seen, targets, torch.from_numpy(self._steps[chosen]).to(device))


def open_paired_crops(folder: Path, resolution: int) -> PairedCrops:
    """Open a folder with pairs.csv, targets.npy and, where a camera sees more than is to be drawn, seen.npy.

    Raises:
        UserError: It holds none, or of another size.
    """
    pairs = read_pairs(folder)
    if not pairs.packed or not (folder / TARGETS_FILE).is_file():
        raise UserError(f"counterfactual={folder}: a training needs its pairs packed, as seen.npy and {TARGETS_FILE}")
    crops = open_pictures(folder, resolution, folder, "counterfactual")
    if max(int(name) for name in pairs.pictures) >= len(crops):
        raise UserError(f"counterfactual={folder}: its table names more pictures than the {len(crops)} there are")
    return PairedCrops(pairs, crops)
