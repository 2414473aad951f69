"""Many pictures on one sheet, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.people.labels import LABEL_COLOURS
from tools.people.renderer import Picture

VISIBLE_COLOUR, HIDDEN_COLOUR = (0, 255, 0), (255, 0, 0)


def contact_sheet(images: Sequence[NDArray[np.uint8]], columns: int = 8, tile_px: int = 160) -> NDArray[np.uint8]:
    """Return pictures (S, S, 3) in rows; empty places are black."""
    tiles = [cv2.resize(image, (tile_px, tile_px), interpolation=cv2.INTER_AREA) for image in images]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % min(columns, len(tiles)))
    width = min(columns, len(tiles))
    return np.vstack([np.hstack(tiles[start : start + width]) for start in range(0, len(tiles), width)])


def with_labels(picture: Picture) -> NDArray[np.uint8]:
    """Return the picture with its landmarks (hidden ones red) above its classes in colours, (2 S, S, 3)."""
    image = picture.image.copy()
    for (x, y), visible in zip(picture.points, picture.visible, strict=True):
        cv2.circle(image, (round(float(x)), round(float(y))), 1, VISIBLE_COLOUR if visible else HIDDEN_COLOUR, -1)
    palette = np.zeros((256, 3), np.uint8)
    for label, colour in LABEL_COLOURS.items():
        palette[label] = colour
    return np.vstack([image, palette[picture.labels]])
