"""A visitor's photo written anew: upright, of a bounded size, as its pixels alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.media.pictures.images import encode_image, read_image
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path

SIDE_PX = 1280  # of the longer side of what is kept
UNREADABLE = "that photo cannot be read; send a JPEG, PNG, WebP or HEIC file"


def clean_photo(path: Path) -> NDArray[np.uint8]:
    """Return a photo (H, W, 3) upright, at most SIDE_PX, and leave a JPEG of that in its place.

    Whatever else was in the file is gone. A file that is no whole photo is removed.

    Raises:
        UserError: It is none, or damaged.
    """
    try:
        image = read_image(path)
    except UserError as error:
        path.unlink(missing_ok=True)
        raise UserError(UNREADABLE) from error
    scale = SIDE_PX / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    with atomic_path(path) as temp:
        temp.write_bytes(encode_image(image, ".jpg", quality=92, metadata={}))
    return image
