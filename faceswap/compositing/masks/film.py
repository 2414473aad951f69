"""The mask of a film: the one that was chosen, with what a command says beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from faceswap.compositing.masks.course import EdgeCourse
from faceswap.compositing.masks.kept import KeptParts
from faceswap.compositing.masks.layers import Layers
from faceswap.compositing.masks.painted import PaintedMask, PaintedPictures
from faceswap.compositing.masks.parsed import ParsedMask
from faceswap.compositing.masks.parsing import SharedParser
from faceswap.compositing.masks.protocol import Mask
from faceswap.utils.errors import UserError


def film_mask(
    mask: Mask, painted: PaintedPictures | None = None, keep: Sequence[str] | None = None, device: str = "auto"
) -> Mask:
    """Return a mask within what is painted, without the parts that stay.

    Args:
        mask: The chosen one; where it names what is painted itself, that is put in its place.
        painted: The painted masks of the film.
        keep: Parts of the filmed face (kept.py) that stay.
        device: Where the parser that sees them runs.

    Raises:
        UserError: The mask names painted ones, and there are none.
    """
    names_painted = any(isinstance(one, PaintedMask) for one in leaves(mask))
    if names_painted and painted is None:
        raise UserError("mask=painted: say where the pictures are, masks=FOLDER or masks=FILE.png")
    if painted is not None:
        mask = with_painted(mask, painted) if names_painted else Layers([mask, PaintedMask(painted)], np.minimum)
    return Layers([mask, KeptParts(keep, device)], np.minimum) if keep else mask


def with_painted(mask: Mask, painted: PaintedPictures) -> Mask:
    """Return a mask with pictures wherever it names painted ones."""
    if isinstance(mask, PaintedMask):
        return PaintedMask(painted)
    if isinstance(mask, Layers):
        return Layers([with_painted(one, painted) for one in mask.masks], mask.join)
    return mask


def check_edges(mask: Mask, frame_count: int | None) -> None:
    """Raise UserError for an edge with a keyframe past the end of a film of so many frames (None: unknown)."""
    for one in leaves(mask):
        for name, course in one.courses().items() if isinstance(one, EdgeCourse) else ():
            course.check_within(f"mask.{name}", frame_count)


def parsers_of(mask: Mask) -> set[SharedParser]:
    """Return the shared parsers that a mask asks."""
    asked = [one.parser for one in leaves(mask) if isinstance(one, ParsedMask | KeptParts)]
    return {one for one in asked if isinstance(one, SharedParser)}


def leaves(mask: Mask) -> Iterator[Mask]:
    """Yield the masks that a mask is made of, or itself."""
    if isinstance(mask, Layers):
        for one in mask.masks:
            yield from leaves(one)
    else:
        yield mask
