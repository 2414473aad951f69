"""The poster: the visitor beside the good news and the bad news, to be hung up or sent on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from faceswap.souvenir.label import LABEL

WIDTH_PX, HEIGHT_PX = 1080, 1480
_PAPER, _INK, _DIM, _GOOD, _BAD = (247, 243, 234), (27, 31, 42), (104, 104, 112), (24, 104, 72), (168, 40, 44)
_MARGIN_PX, _SMALLEST_PX = 72, 18


@dataclass(frozen=True, eq=False)
class News:
    """Somebody of the gallery on a poster: their picture (H, W, 3), name, and lines on how alike."""

    picture: NDArray[np.uint8]
    name: str
    told: tuple[str, ...]


def poster(face: NDArray[np.uint8], good: News, bad: News, title: str) -> NDArray[np.uint8]:
    """Return the poster (1480, 1080, 3) uint8 RGB.

    Args:
        face: (H, W, 3) the visitor.
        good: Whom the face is most like.
        bad: Whom it is least like.
        title: What stands above.
    """
    sheet = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _line(draw, (_MARGIN_PX, 66), title, 76, _INK, WIDTH_PX - 2 * _MARGIN_PX)
    draw.rectangle((_MARGIN_PX, 172, WIDTH_PX - _MARGIN_PX, 176), fill=_INK)
    large = 548
    sheet.paste(Image.fromarray(_square(face, large)), ((WIDTH_PX - large) // 2, 216))
    small, top = 396, 858
    for news, word, ink, left in (
        (good, "The good news", _GOOD, _MARGIN_PX),
        (bad, "The bad news", _BAD, WIDTH_PX - _MARGIN_PX - small),
    ):
        _line(draw, (left, top - 66), word, 44, ink, small)
        sheet.paste(Image.fromarray(_square(news.picture, small)), (left, top))
        _line(draw, (left, top + small + 18), news.name, 40, _INK, small)
        for number, told in enumerate(news.told):
            _line(draw, (left, top + small + 66 + 34 * number), told, 28, _DIM, small)
    _line(draw, (_MARGIN_PX, HEIGHT_PX - 44), LABEL, 26, _DIM, WIDTH_PX // 3)
    return np.asarray(sheet, np.uint8)


def portrait_sheet(face: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) with a line below it, on the poster's paper."""
    side = 640
    sheet = Image.new("RGB", (side + 80, side + 160), _PAPER)
    sheet.paste(Image.fromarray(_square(face, side)), (40, 40))
    draw = ImageDraw.Draw(sheet)
    _line(draw, (40, side + 58), name, 36, _INK, side)
    _line(draw, (40, side + 108), LABEL, 24, _DIM, side)
    return np.asarray(sheet, np.uint8)


def _square(image: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Return the largest square in the middle of a picture at another size."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    method = cv2.INTER_AREA if side > side_px else cv2.INTER_CUBIC
    return np.asarray(
        cv2.resize(image[top : top + side, left : left + side], (side_px, side_px), interpolation=method), np.uint8
    )


def _line(draw, place: tuple[int, int], text: str, size: int, ink: tuple[int, int, int], width_px: int) -> None:  # type: ignore[no-untyped-def]
    """Write a line at its upper left corner, smaller where it is too wide, and cut where it is much too wide."""
    wide = max(1.0, draw.textlength(text, font=ImageFont.load_default(size)))
    font = ImageFont.load_default(int(max(_SMALLEST_PX, size * min(1.0, width_px / wide))))
    if draw.textlength(text, font=font) > width_px:
        while text and draw.textlength(f"{text}...", font=font) > width_px:
            text = text[:-1]
        text = f"{text.rstrip()}..."
    draw.text(place, text, fill=ink, font=font)


def names_line(names: Sequence[str]) -> str:
    """Return names as "A, B and C"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
