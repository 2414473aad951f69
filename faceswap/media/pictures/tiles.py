"""Contact sheets: pictures side by side in one, with labels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont


def contact_sheet(
    images: Sequence[NDArray[np.uint8]], labels: Sequence[str] | None = None, columns: int = 8, tile_px: int = 128
) -> NDArray[np.uint8]:
    """Return a sheet of pictures (H, W, 3) side by side in square tiles, on dark gray.

    Each with a short label below when given.
    """
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"contact_sheet got {len(images)} pictures and {len(labels)} labels")
    label_px = max(12, tile_px // 8) if labels is not None else 0
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    sheet = np.full((rows * (tile_px + label_px), columns * tile_px, 3), 32, np.uint8)
    for number, image in enumerate(images):
        x, y = number % columns * tile_px, number // columns * (tile_px + label_px)
        tile = _fitted(image, tile_px)
        top, left = y + (tile_px - tile.shape[0]) // 2, x + (tile_px - tile.shape[1]) // 2
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    if labels is not None:
        boxes = [
            (n % columns * tile_px, n // columns * (tile_px + label_px) + tile_px, tile_px, label_px)
            for n in range(len(images))
        ]
        sheet = draw_labels(sheet, labels, boxes)
    return sheet


def draw_labels(
    image: NDArray[np.uint8], labels: Sequence[str], boxes: Sequence[tuple[int, int, int, int]]
) -> NDArray[np.uint8]:
    """Return a copy with each label in white, centred in its box (x, y, width, height)."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    for label, (x, y, width, height) in zip(labels, boxes, strict=True):
        size = max(8.0, height * 0.75)
        text_width = draw.textlength(label, font=ImageFont.load_default(size))
        font = ImageFont.load_default(max(6.0, size * min(1.0, width * 0.92 / max(text_width, 1.0))))
        draw.text((x + width / 2, y + height / 2), label, fill=(235, 235, 235), font=font, anchor="mm")
    return np.array(picture)


def _fitted(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = size_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
