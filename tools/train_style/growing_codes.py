"""Crops and the codes that draw them: guessed by the encoder, and some polished through the generator.

A guess lies beside the face it was made of by a pixel or two, and whoever learns details from it learns blur. A few
steps of inversion put features where they are in the crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.stylegan.data.packed import SEEN_FILE, TARGETS_FILE
from faceswap.stylegan.inversion.config import InversionSettings, InversionWeights
from faceswap.stylegan.inversion.inversion import CodeSearch
from faceswap.stylegan.inversion.perceptual import InversionLoss
from faceswap.stylegan.networks.encoder import Encoder
from faceswap.stylegan.networks.generator import Generator
from faceswap.stylegan.networks.growing import spread_rows
from faceswap.stylegan.networks.whitening import Whitening
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.images import to_signed_range
from faceswap.utils.progress import Progress

GUESSES_FILE, POLISHED_FILE = "guesses.npy", "polished.npy"
BATCH = 8


@dataclass(frozen=True, eq=False)
class CodedCrops:
    """Targets (N, S, S, 3) uint8 and rows of styles: `guesses` (N, rows, w_size), and better ones of some.

    `polished_rows` (M, rows, w_size) draw the targets numbered `polished_at` (M,).
    """

    targets: NDArray[np.uint8]
    guesses: Tensor
    polished_rows: Tensor
    polished_at: NDArray[np.int64]

    @classmethod
    def of(cls, folder: Path, generator: Generator, encoder: Encoder, most: int, steps: int) -> CodedCrops:
        """Return a folder's crops; what is computed once is kept there.

        Args:
            folder: What tools.train_style.cut wrote.
            generator: Half as large as the crops.
            encoder: Its own.
            most: Crops whose codes are polished, the first ones.
            steps: Of each polishing.

        Raises:
            UserError: The crops are of another size.
        """
        seen, targets = (np.load(folder / name, mmap_mode="r") for name in (SEEN_FILE, TARGETS_FILE))
        if targets.shape[1] != 2 * generator.resolution:
            raise UserError(
                f"{folder} holds crops of {targets.shape[1]} px: a generator that grows from {generator.resolution} px "
                f"needs --side {2 * generator.resolution}"
            )
        guesses, polished = folder / GUESSES_FILE, folder / POLISHED_FILE
        if not guesses.is_file():
            _write(guesses, _guessed(encoder, seen))
        if not polished.is_file():
            _write(polished, _polished(generator, encoder, targets[:most], steps))
        guessed, better = (
            spread_rows(torch.from_numpy(np.load(path)), generator.rows + 2) for path in (guesses, polished)
        )
        return cls(np.asarray(targets), guessed, better, np.arange(len(better)))

    @classmethod
    def together(cls, parts: Sequence[CodedCrops]) -> CodedCrops:
        """Return several folders' crops as one."""
        firsts = np.cumsum([0, *(len(part.targets) for part in parts[:-1])])
        return cls(
            np.concatenate([part.targets for part in parts]),
            torch.cat([part.guesses for part in parts]),
            torch.cat([part.polished_rows for part in parts]),
            np.concatenate([part.polished_at + first for part, first in zip(parts, firsts, strict=True)]),
        )

    def polished(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return rows and the pictures (count, 3, S, S) in [-1, 1] that they stand for."""
        chosen = torch.randint(len(self.polished_rows), (count,), generator=rng)
        return self.polished_rows[chosen], to_signed_range(self.targets[self.polished_at[chosen.numpy()]])

    def guessed(self, count: int, rng: torch.Generator) -> Tensor:
        """Return rows as the encoder guesses them."""
        return self.guesses[torch.randint(len(self.guesses), (count,), generator=rng)]

    def pictures(self, count: int, rng: torch.Generator) -> Tensor:
        """Return pictures (count, 3, S, S) in [-1, 1], half of them mirrored."""
        chosen = torch.randint(len(self.targets), (count,), generator=rng).numpy()
        pictures = to_signed_range(self.targets[chosen])
        mirrored = torch.rand(count, 1, 1, 1, generator=rng) < 0.5
        return torch.where(mirrored, pictures.flip(3), pictures)


@torch.no_grad()
def _guessed(encoder: Encoder, seen: NDArray[np.uint8]) -> Tensor:
    return torch.cat([encoder(_halved(seen[start : start + 32])) for start in range(0, len(seen), 32)])


def _polished(generator: Generator, encoder: Encoder, targets: NDArray[np.uint8], steps: int) -> Tensor:
    weights = InversionWeights(perceptual=0, identity=0, background_weight=1)
    search = CodeSearch(
        generator, encoder, InversionLoss(weights, None), InversionSettings(steps=steps), Whitening.of(generator)
    )
    found = []
    with Progress(len(targets), "polish codes", "crop") as progress:
        for start in range(0, len(targets), BATCH):
            inversion = search.invert(_halved(targets[start : start + BATCH]))
            found.append(inversion.rows)
            progress.note(f"{float(inversion.history[0].mean()):.4f} -> {float(inversion.loss.mean()):.4f}")
            progress.advance(len(inversion.rows))
    return torch.cat([torch.empty(0, generator.rows, generator.w_size), *found])


def _halved(pictures: NDArray[np.uint8]) -> Tensor:
    return functional.avg_pool2d(to_signed_range(np.array(pictures)), 2)


def _write(path: Path, rows: Tensor) -> None:
    with atomic_path(path) as temp, temp.open("wb") as file:
        np.save(file, rows.numpy())
