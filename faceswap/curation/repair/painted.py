"""Masks painted over frames of a film: white where the face may be swapped, black where the film stays.

A face set holds them as `masks/000123.png`, numbered by frame, as large as the film's frames; of a set of several films
those of the second lie in `masks/s01`. Each is held until the next one; the first also before its frame.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.media.pictures.images import read_image
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path
from faceswap.utils.files.links import remove
from faceswap.utils.limits import FRAME_NUMBER

PAINTED = "masks"
_KEPT = 8  # masks of frames in memory
_NUMBERED = re.compile(r"(\d{6,9})\.png")


def painted_folder(folder: Path, source: int = 0) -> Path:
    """Return where the masks over one film of a face set lie."""
    return folder / PAINTED / f"s{source:02d}" if source else folder / PAINTED


def painted_frames(place: Path) -> list[int]:
    """Return the numbers of the frames over which a mask was painted, ascending."""
    if place.is_symlink() or not place.is_dir():
        return []
    return sorted(int(found[1]) for path in place.iterdir() if (found := _NUMBERED.fullmatch(path.name)))


def painted_file(place: Path, frame: int) -> Path | None:
    """Return the mask that holds in a frame; None where nothing was painted."""
    known = painted_frames(place)
    return _file(place, known[max(0, bisect_right(known, frame) - 1)]) if known else None


class PaintedFaces:
    """The masks painted over the films of face sets, as training needs them; each folder is looked into once."""

    def __init__(self) -> None:
        self._frames: dict[Path, list[int]] = {}
        self._read = lru_cache(maxsize=_KEPT)(read_painted)

    def file(self, folder: Path, record: FaceRecord) -> Path | None:
        """Return the mask over a face of the set in `folder`; None where nothing was painted."""
        place = painted_folder(folder, record.source)
        if place not in self._frames:
            self._frames[place] = painted_frames(place)
        known = self._frames[place]
        return _file(place, known[max(0, bisect_right(known, record.frame) - 1)]) if known else None

    def in_crop(self, folder: Path, record: FaceRecord) -> NDArray[np.uint8] | None:
        """Return the mask within a face's crop (size_px, size_px) uint8; None where nothing was painted.

        Raises:
            UserError: It cannot be read.
        """
        file = self.file(folder, record)
        if file is None:
            return None
        size = (record.size_px, record.size_px)
        seen = cv2.warpAffine(self._read(file), record.frame_to_crop, size, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.uint8)


def write_painted(place: Path, frame: int, png: bytes, size: tuple[int, int]) -> None:
    """Keep a mask over a frame.

    Args:
        place: Where the film's masks lie.
        frame: From which it holds.
        png: A PNG file, white where the face may be swapped.
        size: Width and height of the film's frames.

    Raises:
        UserError: It is no PNG of that size, or the frame is none.
    """
    if not 0 <= frame <= FRAME_NUMBER:
        raise UserError("frames count from 0")
    told = tuple(int.from_bytes(png[at : at + 4]) for at in (16, 20))  # before anything of that size is taken
    if png[:8] != b"\x89PNG\r\n\x1a\n" or told != size:
        raise UserError(f"a mask is a PNG picture of {size[0]} x {size[1]} pixels, as the film's frames are")
    mask = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape[::-1] != size:
        raise UserError("that mask cannot be read; paint it again")
    encoded = cv2.imencode(".png", mask)[1]
    with atomic_path(_file(place, frame)) as temp:
        temp.write_bytes(encoded.tobytes())


def remove_painted(place: Path, frame: int) -> None:
    """Remove the mask that begins at a frame; the one before then holds on."""
    remove(_file(place, frame))


def read_painted(file: Path) -> NDArray[np.uint8]:
    """Return a mask (H, W) uint8. Raises UserError when it cannot be read."""
    return np.ascontiguousarray(read_image(file)[..., 1])


def _file(place: Path, frame: int) -> Path:
    return place / f"{frame:06d}.png"
