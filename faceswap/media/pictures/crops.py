"""Stored crops of faces: square, possibly at another size than extracted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.media.pictures.images import read_image
from faceswap.utils.errors import UserError


def square_crop(path: Path) -> NDArray[np.uint8]:
    """Return a crop as it is stored: (S, S, 3) uint8 RGB, of a larger S than extracted where an enhancer was at work.

    Raises:
        UserError: It cannot be read, or was cut to another shape: its points would not lie where its record says.
    """
    try:
        image = read_image(path)
    except UserError as error:
        raise UserError(f"{error}; or delete it: training goes without this face") from error
    height, width = image.shape[:2]
    if height != width:
        raise UserError(
            f"the crop {path} is {width} x {height}: crops are square, and stretched its face would be another one; "
            "put the extracted picture back, or delete this one"
        )
    return image


def read_crop(path: Path, size_px: int) -> NDArray[np.uint8]:
    """Return a crop (size_px, size_px, 3) uint8 RGB, scaled where it is stored at another size.

    Raises:
        UserError: As `square_crop`.
    """
    image = square_crop(path)
    if image.shape[0] == size_px:
        return image
    method = cv2.INTER_AREA if image.shape[0] > size_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size_px, size_px), interpolation=method), np.uint8)
