"""Parts of the filmed face that stay: mouth, teeth, eyes, brows of B's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.parsing import Parser, in_view, parsed_views, shared_parser
from faceswap.compositing.masks.shapes import face_size
from faceswap.core.landmarks import BROW_LEFT, BROW_RIGHT, EYE_LEFT, EYE_RIGHT, INNER_LIPS, MOUTH
from faceswap.core.outlines import fill_outline
from faceswap.core.values import AlignedFace, Frame
from faceswap.utils.numbers import smoothstep

KEPT_PX = 256
NEAR = 0.08  # of the face's size: what the parser sees further than this from the landmarks is none of the part
SURELY_NOT, SURELY = 0.25, 0.6  # share of the part between which a pixel goes over to it


@dataclass(frozen=True)
class Part:
    """A part of a face: where landmarks and the parser's classes have it, and its edge in shares of the face's size.

    Attributes:
        outlines: Landmarks whose hull belongs to it.
        classes: Of the parser.
        margin: So much further out the edge lies: the seam had better be in skin, which looks alike on both sides.
        softness: Width of the edge.
    """

    outlines: tuple[slice, ...]
    classes: tuple[str, ...]
    margin: float
    softness: float


# Lids and lips move with what they frame, so the landmarks' hull is kept when an eye or the mouth closes, too.
PARTS = {
    "mouth": Part((MOUTH,), ("lips", "mouth"), 0.035, 0.05),
    "teeth": Part((), ("mouth",), 0.0, 0.02),
    "eyes": Part((EYE_RIGHT, EYE_LEFT), ("eyes",), 0.045, 0.05),
    "brows": Part((BROW_RIGHT, BROW_LEFT), ("brows",), 0.05, 0.04),
}
BEYOND = ("hair", "background")  # of the parser: no part of a face
NEAR_TO = {"teeth": (INNER_LIPS,)}  # where a part without outlines of its own may be


class KeptParts:
    """A mask of all but some parts of the face, `parts` of PARTS; to be intersected with another one."""

    def __init__(self, parts: Sequence[str], device: str = "auto", parser: Parser | None = None) -> None:
        self.parts, self.parser = tuple(dict.fromkeys(parts)), parser or shared_parser(device)

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return 1 everywhere: what is kept the frames tell (`free`)."""
        return np.ones((1, 1), np.float32)

    def free(
        self, frames: Sequence[Frame], views: Sequence[AlignedFace], tracks: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return 0 where each view shows a part that stays, 1 elsewhere, (KEPT_PX, KEPT_PX)."""
        free = [np.ones((KEPT_PX, KEPT_PX), np.float32) for _ in views]
        for i, shares, matrix in parsed_views(frames, views, self.parser):
            kept = [self._kept(PARTS[name], NEAR_TO.get(name, ()), shares, matrix, views[i]) for name in self.parts]
            free[i] = 1 - np.max(kept, axis=0)
        return free

    def _kept(
        self, part: Part, near_to: tuple[slice, ...], shares: NDArray, frame_to_parsed: NDArray, view: AlignedFace
    ) -> NDArray[np.float32]:
        from faceswap.facenets.parser import NAMES

        points = (np.asarray(view.points) + 0.5) * (KEPT_PX / view.size_px) - 0.5
        size = face_size(points)
        outline, near = (np.zeros((KEPT_PX, KEPT_PX), np.uint8) for _ in range(2))
        for landmarks in part.outlines:
            fill_outline(outline, points[landmarks], 255, part.margin * size)
        for landmarks in part.outlines or near_to:
            fill_outline(near, points[landmarks], 255, NEAR * size)

        def surely(*classes: str) -> NDArray[np.float32]:
            share = in_view(shares[[NAMES.index(name) for name in classes]].sum(0), frame_to_parsed, view, KEPT_PX)
            return smoothstep(np.clip((share - SURELY_NOT) / (SURELY - SURELY_NOT), 0, 1)).astype(np.float32)

        seen = _grown(surely(*part.classes) * (near > 0), part.margin * size)
        kept = np.maximum(outline.astype(np.float32) * np.float32(1 / 255), seen)
        # Beyond the face's edge the margin would cut a notch into the mask: hair as filmed, drawn above and below.
        kept *= 1 - surely(*BEYOND)
        return cv2.GaussianBlur(kept, (0, 0), max(part.softness / 2 * size, 0.5))


def _grown(share: NDArray[np.float32], margin_px: float) -> NDArray[np.float32]:
    reach = round(margin_px)
    if reach < 1:
        return share
    return cv2.dilate(share, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
