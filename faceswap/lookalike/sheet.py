"""A picture that shows a face, the people most alike it and those least alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.lookalike.search import Match, Matches
from faceswap.media.pictures.images import write_image
from faceswap.media.pictures.tiles import contact_sheet

TILE_PX = 256


def write_match_sheet(path: Path, face: NDArray[np.uint8], matches: Matches) -> None:
    """Write two rows: the face and its nearest people, the face and its farthest.

    Args:
        path: A .png, .jpg or .webp file.
        face: (H, W, 3) uint8 RGB.
        matches: Who is beside it.
    """
    rows = [_row(face, "most alike", matches.nearest), _row(face, "least alike", matches.farthest)]
    images = [image for row in rows for image, _ in row]
    labels = [label for row in rows for _, label in row]
    write_image(path, contact_sheet(images, labels, columns=len(rows[0]), tile_px=TILE_PX), quality=92)


def _row(face: NDArray[np.uint8], title: str, matches: Sequence[Match]) -> list[tuple[NDArray[np.uint8], str]]:
    told = [(match.photo.picture(), f"{match.name}  {match.likeness_percent:.0f} %") for match in matches]
    return [(face, title), *told]
