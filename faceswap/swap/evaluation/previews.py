"""Pictures that show how a run gets on."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.swap.models.layers import SwapModel

TILE_PX = 128  # a face is shown at least as large
LABEL_PX = 22  # height of the line that says what a column shows
_GREY = (235, 235, 235)


def preview_grid(model: SwapModel, faces_a: Tensor, faces_b: Tensor) -> NDArray[np.uint8]:
    """A row a pair of faces: A, A -> A, B, B -> A and, where the model has a mask, that swap laid over B by it.

    `faces_a`, `faces_b` (N, 3, R, R) RGB in [0, 1]; gives one uint8 RGB picture (see `labelled_grid`).
    """
    with torch.no_grad():
        code_a, code_b = model.encode(torch.cat([faces_a, faces_b])).chunk(2)
        same, _ = model.decode(code_a, "a")
        swapped, masks = model.decode(code_b, "a")
    columns = {"A": faces_a, "A as drawn": same, "B": faces_b, "B as A": swapped}
    if masks is not None:
        columns["laid over B"] = torch.lerp(faces_b, swapped, masks)
    return labelled_grid(columns)


def swap_grid(faces_b: Tensor, swapped: Tensor, masks: Tensor | None) -> NDArray[np.uint8]:
    """A row a face: B, B -> A and, where there are masks, the mask and that swap laid over B by it.

    All (N, 3 or 1, R, R) in [0, 1]; gives one uint8 RGB picture (see `labelled_grid`).
    """
    columns = {"B": faces_b, "B as A": swapped}
    if masks is not None:
        columns["mask"] = masks.expand_as(faces_b)
        columns["laid over B"] = torch.lerp(faces_b, swapped.to(faces_b.dtype), masks.to(faces_b.dtype))
    return labelled_grid(columns)


def labelled_grid(columns: Mapping[str, Tensor]) -> NDArray[np.uint8]:
    """One uint8 RGB picture of columns (N, 3, R, R) in [0, 1], their names above them, faces at least TILE_PX large."""
    side = next(iter(columns.values())).shape[-1]
    rows = torch.cat([column.float() for column in columns.values()], dim=3)  # (N, 3, R, columns R)
    picture = torch.cat(list(rows), dim=1).clamp(0, 1)
    faces = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    factor = -(-TILE_PX // side)
    if factor > 1:
        faces = cv2.resize(faces, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    line = np.zeros((LABEL_PX, faces.shape[1], 3), np.uint8)
    for number, name in enumerate(columns):
        place = (number * side * factor + 5, LABEL_PX - 7)
        cv2.putText(line, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _GREY, 1, cv2.LINE_AA)
    return np.vstack([line, faces])
