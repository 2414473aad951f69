"""Pictures that show how a run gets on."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.swap.models.layers import SwapModel


def preview_grid(model: SwapModel, faces_a: Tensor, faces_b: Tensor) -> NDArray[np.uint8]:
    """A row a pair of faces: A, A -> A, B, B -> A and, where the model has a mask, that swap laid over B by it.

    `faces_a`, `faces_b` (N, 3, R, R) RGB in [0, 1]; gives one (N R, 4 R or 5 R, 3) uint8 RGB picture.
    """
    with torch.no_grad():
        code_a, code_b = model.encode(torch.cat([faces_a, faces_b])).chunk(2)
        same, _ = model.decode(code_a, "a")
        swapped, masks = model.decode(code_b, "a")
    columns = [faces_a, same, faces_b, swapped]
    if masks is not None:
        columns.append(torch.lerp(faces_b, swapped, masks))
    return _grid(columns)


def swap_grid(faces_b: Tensor, swapped: Tensor, masks: Tensor | None) -> NDArray[np.uint8]:
    """A row a face: B, B -> A and, where there are masks, the mask and that swap laid over B by it.

    All (N, 3 or 1, R, R) in [0, 1]; gives one (N R, 2 R or 4 R, 3) uint8 RGB picture.
    """
    columns = [faces_b, swapped]
    if masks is not None:
        columns += [masks.expand_as(faces_b), torch.lerp(faces_b, swapped.to(faces_b.dtype), masks.to(faces_b.dtype))]
    return _grid(columns)


def _grid(columns: list[Tensor]) -> NDArray[np.uint8]:
    rows = torch.cat([column.float() for column in columns], dim=3)  # (N, 3, R, columns R)
    picture = torch.cat(list(rows), dim=1).clamp(0, 1)
    return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
