"""Pictures as the public functions take them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Frame
from faceswap.media import reading
from faceswap.media.pictures.images import read_image
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError

Image = NDArray[np.uint8] | str | Path


def read_frames(source: str | Path, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
    """Read a film or pictures frame by frame.

    Args:
        source: A film, an image, a folder of images, or a pattern.
        start: First frame.
        stop: The frame before which to stop; the end by default.

    Yields:
        Each frame: `image` (H, W, 3) uint8 RGB, its `index` from 0 and the `seconds` at which it is shown.

    Raises:
        UserError: There is nothing to read.
    """
    yield from reading.read_frames(probe(source), start, stop)


def as_frame(image: Image) -> Frame:
    """Return a picture as a frame.

    Args:
        image: (H, W, 3) uint8 RGB, or the path of an image file.

    Raises:
        UserError: It is neither.
    """
    if isinstance(image, str | Path):
        return Frame(read_image(Path(image)), 0, 0.0)
    told = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise UserError(f"an image is an array (height, width, 3) of uint8, RGB, or a file's path; this is {told}")
    if 0 in image.shape:
        raise UserError(f"an image has one pixel or more; this is {told}")
    return Frame(np.ascontiguousarray(image), 0, 0.0)
