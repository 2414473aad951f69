"""Photos as phones send them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def encoded(kind: str, size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:, : size[0] // 2] = 255  # the left half is white
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, **more)
    return out.getvalue()
