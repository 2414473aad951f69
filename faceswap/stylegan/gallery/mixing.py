"""Style mixing: rows of styles by what they control, and faces combined from rows of others.

Coarse rows draw pose, shape of the head and hair, glasses; middle ones the features of the face; fine ones colours and
texture (Karras et al. 2019, figure 3). Rows of the two StyleGANs are counted differently:

|        | resolutions | StyleGAN | StyleGAN2 and here |
| ---    | ---         | ---      | ---                |
| coarse | 4 to 8      | 0 to 3   | 0 to 2             |
| middle | 16 to 32    | 4 to 7   | 3 to 6             |
| fine   | 64 and up   | 8 on     | 7 on               |

StyleGAN has two rows for every resolution; StyleGAN2 one at 4, and the row of a picture's colours is the first of the
next resolution's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.media.pictures.tiles import contact_sheet
from faceswap.stylegan.gallery.sheets import TILE_PX, drawn
from faceswap.stylegan.networks.generator import Generator
from faceswap.utils.errors import UserError

RANGES = ("coarse", "middle", "fine")
_FIRST = {"stylegan2": (0, 3, 7), "stylegan1": (0, 4, 8)}


def rows_of(name: str, count: int, layout: str = "stylegan2") -> tuple[int, int]:
    """Return first and last + 1 of the rows that `name` means in a code of `count` rows: a range, all, or 3-6.

    Raises:
        UserError: For others.
    """
    if name == "all":
        return 0, count
    if name in RANGES:
        first = (*_FIRST[layout], count)
        place = RANGES.index(name)
        return min(first[place], count), min(first[place + 1], count)
    first_text, dash, last_text = name.partition("-")
    if first_text.isdecimal() and (last_text.isdecimal() or not dash):
        begin, end = int(first_text), int(last_text or first_text) + 1
        if begin < end <= count:
            return begin, end
    raise UserError(f"range={name}: accepted are {', '.join(RANGES)}, all, or rows such as 3-6 (0 to {count - 1})")


def mixed(rows: Tensor, others: Tensor, shares: Mapping[str, float]) -> Tensor:
    """Return codes (..., rows, w_size) with a share of other codes in each named range: 0 none of them, 1 all."""
    count = rows.shape[-2]
    weights = torch.zeros(count, 1, dtype=rows.dtype, device=rows.device)
    for name, share in shares.items():
        first, last = rows_of(name, count)
        weights[first:last] = share
    return torch.lerp(rows, others, weights.expand_as(rows))


def mixing_grid(generator: Generator, faces: Tensor, styles: Tensor, name: str) -> NDArray[np.uint8]:
    """Return the sheet of StyleGAN's figure 3: each of `faces` (N, rows, w_size.

    A line each) in the `name` range of each of `styles` (M, rows, w_size; a column each); the plain ones at the left
    and on top.
    """
    blank = np.full((generator.resolution, generator.resolution, 3), 32, np.uint8)
    pictures = [blank, *drawn(generator, styles)]
    for face, picture in zip(faces, drawn(generator, faces), strict=True):
        pictures += [picture, *drawn(generator, mixed(face.expand_as(styles), styles, {name: 1.0}))]
    return contact_sheet(pictures, columns=1 + len(styles), tile_px=max(TILE_PX, min(generator.resolution, 256)))
