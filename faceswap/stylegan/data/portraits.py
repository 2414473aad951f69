"""Portraits for a generator: detected, chosen among several faces, aligned, with a mask of the head."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.core.geometry import compose, invert
from faceswap.core.values import AlignedFace, Face, Frame
from faceswap.detect.protocol import Finder, find_in_batches
from faceswap.facenets.parser import HEAD, FaceParser
from faceswap.media.reading import read_frames
from faceswap.stylegan.data.alignment import align_style
from faceswap.utils.errors import UserError
from faceswap.utils.images import to_signed_range

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo

SMALLEST_PX = 20.0  # longer side of a face's box: smaller ones hold nothing that could be told apart
CHOICES = "largest, left, right, or a number from 1, counted from the left"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class AlignedPortrait:
    """A face of a frame as the generator sees it: `aligned` is R px wide, `mask` (R, R) in [0, 1] is 1 on the head."""

    name: str
    frame: Frame
    aligned: AlignedFace
    mask: NDArray[np.float32]


def check_choice(which: str) -> None:
    """Raise UserError when `which` does not say which of several faces is meant."""
    if which not in ("largest", "left", "right") and not (which.isdecimal() and int(which) >= 1):
        raise UserError(f"face={which}: accepted are {CHOICES}")


def choose(faces: Sequence[Face], which: str, where: str) -> Face:
    """Return one of the faces found in the picture called `where`.

    Raises:
        UserError: It is not there or too small.
    """
    if not faces:
        raise UserError(f"no face was found in {where}; take a picture that shows one from the front or half from it")
    by_place = sorted(faces, key=lambda face: float(face.box[0] + face.box[2]))
    if which == "largest":
        chosen = max(faces, key=lambda face: float((face.box[2:] - face.box[:2]).prod()))
        if len(faces) > 1:
            number = next(i for i, face in enumerate(by_place, 1) if face is chosen)
            log.info("%s shows %d faces: the largest is taken, number %d from the left", where, len(faces), number)
    elif which in ("left", "right"):
        chosen = by_place[0 if which == "left" else -1]
    else:
        check_choice(which)
        if int(which) > len(by_place):
            raise UserError(f"face={which}: {where} shows {len(faces)} face{'s' * (len(faces) > 1)}")
        chosen = by_place[int(which) - 1]
    check_size(chosen, where)
    return chosen


def check_size(face: Face, where: str) -> None:
    """Raise UserError for a face that is too small to be drawn again."""
    side = float((face.box[2:] - face.box[:2]).max())
    if side < SMALLEST_PX:
        raise UserError(f"the face in {where} is {side:.0f} px large; at least {SMALLEST_PX:.0f} are needed")


def portraits(
    info: SourceInfo, finder: Finder, parser: FaceParser, which: str, size_px: int, every: int = 1
) -> Iterator[AlignedPortrait]:
    """Yield the chosen face of each picture of a source, or of each `every`-th frame.

    One picture must show it; of several, those that do not are left out with a warning. Raises UserError without any.
    """
    check_choice(which)
    finder.prepare(info)
    count = 0
    frames = (frame for frame in read_frames(info) if frame.index % every == 0)
    for frame, faces in find_in_batches(finder, frames):
        name = info.files[frame.index].stem if info.files else f"{info.name}-{frame.index:06d}"
        try:
            face = choose(faces, which, name if len(info.files) != 1 else str(info.path))
        except UserError as error:
            if info.is_still:
                raise
            log.warning("left out: %s", error)
            continue
        aligned = align_style(frame, face, size_px)
        count += 1
        yield AlignedPortrait(name, frame, aligned, head_masks(parser, [frame], [face.points], [aligned])[0])
    if count == 0:
        raise UserError(f"no face was found in any picture of {info.path}")


def head_masks(
    parser: FaceParser, frames: Sequence[Frame], points: Sequence[NDArray], views: Sequence[AlignedFace]
) -> NDArray[np.float32]:
    """Return where each view (R, R) shows the head with hair and neck and nothing before it, (n, R, R) in [0, 1].

    `points[i]` (68, 2) are pixels of `frames[i]`.
    """
    size = views[0].size_px if views else 0
    masks = np.zeros((len(views), size, size), np.float32)
    if not views:
        return masks
    shares, matrices = parser.parse([frame.image for frame in frames], points)
    for mask, share, matrix, view in zip(masks, shares[:, HEAD].sum(1), matrices, views, strict=True):
        view_to_parsed = compose(matrix, invert(view.frame_to_crop))
        cv2.warpAffine(
            share, view_to_parsed, (size, size), mask, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
        )
    return np.clip(masks, 0, 1)


def as_input(faces: Sequence[AlignedFace], device: torch.device | str = "cpu") -> Tensor:
    """Return aligned faces of one size as (N, 3, R, R) in [-1, 1]."""
    return to_signed_range(np.stack([face.image for face in faces]), device)
