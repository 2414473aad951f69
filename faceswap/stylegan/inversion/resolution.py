"""At which resolution codes are looked for: what an encoder does not see, it cannot have got wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional

from faceswap.stylegan.networks.generator import Generator, block_sizes
from faceswap.stylegan.networks.growing import spread_rows

if TYPE_CHECKING:
    from faceswap.stylegan.networks.encoder import Encoder


@dataclass(frozen=True)
class SearchResolution:
    """Codes are looked for in pictures of `side_px`, which the first `rows` rows draw; the finer ones follow the last.

    A generator that was grown keeps the encoder that it had; so a search costs what it cost before.
    """

    side_px: int
    rows: int
    rows_in_all: int

    @classmethod
    def of(cls, generator: Generator, encoder: Encoder | None) -> SearchResolution:
        """Return what the encoder sees of the generator's pictures; without one, or of a smaller one, all."""
        side_px = generator.resolution if encoder is None else min(encoder.sight_px, generator.resolution)
        return cls(side_px, 2 * len(block_sizes(side_px)), generator.rows)

    def reduced(self, images: Tensor) -> Tensor:
        """Return pictures or masks (N, C, R, R) at `side_px`."""
        factor = images.shape[-1] // self.side_px
        return functional.avg_pool2d(images, factor) if factor > 1 else images

    def drawn(self, generator: Generator, rows: Tensor) -> Tensor:
        """Return pictures (N, 3, side_px, side_px) of rows, the finer ones of which may be missing."""
        return generator.synthesis(rows, until_px=self.side_px)

    def own(self, rows: Tensor) -> Tensor:
        """Return the rows that are looked for, of rows (N, rows, w_size)."""
        return rows[:, : self.rows]

    def whole(self, rows: Tensor) -> Tensor:
        """Return all rows: the finer ones are as the last that was looked for."""
        return spread_rows(rows, self.rows_in_all)
