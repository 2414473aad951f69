"""Small pictures of films and pictures, kept in the workspace."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np

from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError

SIDE_PX = 320


def thumbnail(path: Path, kept: Path) -> Path:
    """Return a small JPEG of a picture, or of the first frame of a film; made anew when the file has changed.

    Args:
        path: The film or picture.
        kept: The folder of small pictures.

    Raises:
        UserError: It cannot be read.
    """
    told = path.stat()
    key = hashlib.sha256(os.fsencode(path) + f"\0{told.st_size}\0{told.st_mtime_ns}".encode()).hexdigest()[:24]
    place = kept / f"{key}.jpg"
    if not place.is_file():
        frame = next(iter(read_frames(probe(path), stop=1)), None)
        if frame is None:
            raise UserError(f"{path.name} has no picture")
        scale = min(1.0, SIDE_PX / max(frame.width, frame.height))
        size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
        small = np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
        write_image(place, small, quality=85)
    return place
