"""The game's pictures: the owner's, or faces of the gallery beside faces that the shipped generator draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faceswap.booth.shared.game import (
    COARSE_PX,
    SIDE_PX,
    GameRoom,
    gallerys_pictures,
    owners_pictures,
    prepare,
)
from faceswap.lookalike.shipped import shipped_gallery

COUNT = 24  # of each kind


def cards_of(room: GameRoom, folder: Path | None) -> None:
    """Prepare the pictures where that was not done before. Raises UserError for a folder without them."""
    if folder is not None:
        real, generated = owners_pictures(folder)
        prepare(room, real, generated, SIDE_PX)
    elif not room.is_open:
        prepare(room, gallerys_pictures(shipped_gallery(), COUNT), _drawn(COUNT), COARSE_PX)


def _drawn(count: int) -> list[np.ndarray]:
    """Return faces that the shipped generator draws."""
    from faceswap.stylegan.directions.discovery import styles_of
    from faceswap.stylegan.gallery.sheets import drawn
    from faceswap.stylegan.weights.files import load_generator

    generator = load_generator(None)
    return list(drawn(generator, generator.spread(styles_of(generator, list(range(count)), 0.8))))
