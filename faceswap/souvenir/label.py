"""The words "made with AI" that stand in every picture and frame of a souvenir, where a viewer sees them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LABEL = "made with AI"
_SHARE = 0.045  # of the picture's shorter side: the height of its letters
_INK, _SHADE = 255, 0.45


def labelled(image: NDArray[np.uint8], text: str = LABEL) -> NDArray[np.uint8]:
    """Return a copy of a picture (H, W, 3) with the label in its upper left corner, white on a darkened strip.

    Players lay their buttons over the lower edge.
    """
    letters = _letters(text, max(9, round(_SHARE * min(image.shape[:2]))))
    height, width = (min(side, most) for side, most in zip(letters.shape, image.shape, strict=False))
    done = image.copy()
    corner = done[:height, :width].astype(np.float32) * _SHADE
    share = letters[:height, :width, None]
    done[:height, :width] = np.round(corner + share * (_INK - corner)).astype(np.uint8)
    return done


@lru_cache(maxsize=8)
def _letters(text: str, size_px: int) -> NDArray[np.float32]:
    """Return how much of each pixel of a strip (h, w) letters cover, [0, 1]."""
    font = ImageFont.load_default(size_px)
    left, top, right, bottom = font.getbbox(text)
    pad = max(2, size_px // 3)
    strip = Image.new("L", (round(right - left) + 2 * pad, round(bottom - top) + 2 * pad))
    ImageDraw.Draw(strip).text((pad - left, pad - top), text, fill=255, font=font)
    return np.asarray(np.asarray(strip) / 255, np.float32)
