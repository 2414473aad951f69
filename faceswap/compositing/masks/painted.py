"""Painted masks: pictures of whole frames, white where a face is swapped, held until the next one."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.shapes import MASK_PX, border_ramp
from faceswap.core.geometry import compose, resizing, scale_of
from faceswap.core.values import AlignedFace, Frame
from faceswap.media.listing import list_pictures
from faceswap.media.pictures.images import image_header, read_image
from faceswap.utils.errors import UserError
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.limits import FRAME_NUMBER, PAINTED_MASKS, check_size

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

LARGEST_PX = 1024  # side of a painted mask in a view; a face larger than that gets it enlarged
BORDER = 0.04  # share of the view over which a mask ends at the view's border: beyond it nothing is drawn


@dataclass(frozen=True, eq=False)
class PaintedPictures:
    """The pictures by the frame at which each begins to count; the first one counts before it, too."""

    frames: tuple[int, ...]
    files: tuple[Path, ...]
    _last: list[tuple[Path, NDArray[np.uint8]]] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def open(cls, path: Path, info: SourceInfo) -> PaintedPictures:
        """Return the masks of a film: one picture for all of it, or a folder of pictures named by their frames.

        Raises:
            UserError: There are none, or one is a link, has another size than the film, or no number of one of its
                frames.
        """
        files = _numbered(path, info.frame_count) if path.is_dir() else {0: path}
        for file in files.values():
            _check_size(file, info.width, info.height, str(info.path))
        return cls(tuple(sorted(files)), tuple(files[frame] for frame in sorted(files)))

    def at(self, frame: int) -> NDArray[np.uint8]:
        """Return the picture (H, W) of a frame. Raises UserError where it cannot be read."""
        file = self.files[max(0, bisect_right(self.frames, frame) - 1)]
        if not (self._last and self._last[0][0] == file):
            self._last[:] = [(file, cv2.cvtColor(read_image(file), cv2.COLOR_RGB2GRAY))]
        return self._last[0][1]

    def checksum(self) -> str:
        """Return one checksum of all pictures and their frames."""
        each = (f"{frame} {sha256_of(file)}\n" for frame, file in zip(self.frames, self.files, strict=True))
        return hashlib.sha256("".join(each).encode()).hexdigest()


@dataclass(frozen=True)
class PaintedMask:
    """What is painted white. `pictures`: None until a command says which (masks=)."""

    pictures: PaintedPictures | None = None

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return 1 in the view, falling to 0 at its border: what lies there the frames tell (`free`)."""
        return border_ramp(MASK_PX, BORDER)

    def free(
        self, frames: Sequence[Frame], views: Sequence[AlignedFace], tracks: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return the part of each frame's picture that a view shows, (M, M) in [0, 1]."""
        if self.pictures is None:
            raise UserError("mask=painted: say where the pictures are, masks=FOLDER or masks=FILE.png")
        return [self._in_view(frame, view) for frame, view in zip(frames, views, strict=True)]

    def _in_view(self, frame: Frame, view: AlignedFace) -> NDArray[np.float32]:
        assert self.pictures is not None
        picture = self.pictures.at(frame.index)
        if picture.shape != frame.image.shape[:2]:
            height, width = picture.shape
            raise UserError(
                f"the painted mask of frame {frame.index} is {width} x {height}, the frame {frame.width} x "
                f"{frame.height}: paint masks on frames of the film"
            )
        side = int(np.clip(round(view.size_px / scale_of(view.frame_to_crop)), MASK_PX, LARGEST_PX))
        frame_to_mask = compose(resizing(view.size_px, side), view.frame_to_crop)
        seen = cv2.warpAffine(picture, frame_to_mask, (side, side), flags=cv2.INTER_LINEAR)
        return np.asarray(seen, np.float32) * np.float32(1 / 255)


def _numbered(folder: Path, frame_count: int | None) -> dict[int, Path]:
    """Return the pictures of a folder by the number that each is called. Raises UserError."""
    files = list_pictures(folder)
    if not files:
        raise UserError(
            f"masks={folder}: it holds no picture; paint one as 000123.png for frame 123, white where to swap"
        )
    check_size(f"masks={folder}", len(files), PAINTED_MASKS, "pictures")
    found: dict[int, Path] = {}
    for file in files:
        number = int(file.stem) if file.stem.isdecimal() and len(file.stem) <= len(str(FRAME_NUMBER)) + 4 else -1
        if not 0 <= number <= FRAME_NUMBER:
            raise UserError(f"masks={folder}: {file.name} is called after no frame; name each by its frame, 000123.png")
        if file.is_symlink():
            raise UserError(f"masks={folder}: {file.name} is a link; put the picture itself there")
        if number in found:
            raise UserError(f"masks={folder}: {found[number].name} and {file.name} are both of frame {number}")
        found[number] = file
    _check_last(folder, found, frame_count)
    return found


def _check_last(folder: Path, numbers: Iterable[int], frame_count: int | None) -> None:
    last = max(numbers)
    if frame_count is not None and last >= frame_count:
        raise UserError(
            f"masks={folder}: frame {last} is past the end: the last of {frame_count} is {frame_count - 1}; frames "
            "count from 0"
        )


def _check_size(file: Path, width: int, height: int, film: str) -> None:
    """Raise UserError for what is no picture of the film's size; its header alone is read."""
    header = image_header(file)
    if header is None:
        read_image(file)  # says what is wrong with it
        raise UserError(f"masks: {file} is no picture")
    if (header.width, header.height) != (width, height):
        raise UserError(
            f"masks: {file} is {header.width} x {header.height}, and {film} {width} x {height}: paint masks on frames "
            "of the film itself"
        )
