"""The parsed mask: hands, hair, glasses and microphones in front of a face stay as they were filmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.config import HeadMaskConfig, ParsedMaskConfig
from faceswap.compositing.masks.course import EdgeCourse
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.parsing import Parser, in_view, parsed_views, shared_parser
from faceswap.compositing.masks.shapes import MASK_PX, HullMask, border_ramp, face_size
from faceswap.core.values import AlignedFace, Frame
from faceswap.utils.numbers import smoothstep

LARGEST_SPECK = 0.03  # of the face's area: a smaller hole in it is the parser's mistake
SURELY_HIDDEN, SURELY_FREE = 0.3, 0.75  # share of face between which the mask fades
CHANGE = 0.35  # a pixel that changes this much has been uncovered or hidden, and is not held back


@dataclass(frozen=True)
class ParsedMask(EdgeCourse, ParsedMaskConfig):
    """The learned mask, or the hull where the model has none, without what hides the face.

    `edge`: softness of the edge to what hides it, a share of the face's size. `steady` in [0, 1): how much of a
    pixel's past along a track stays each frame while it changes little. `device`: auto, cpu, cuda or cuda:N.
    """

    _parser: Parser | None = field(default=None, repr=False, compare=False)
    _past: dict[int, tuple[int, NDArray[np.float32]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self._parser is None:
            object.__setattr__(self, "_parser", shared_parser(self.device))

    @property
    def parser(self) -> Parser:
        """What sees faces for it."""
        assert self._parser is not None
        return self._parser

    def forget(self) -> None:
        """Begin anew: what follows is another part of the film."""
        self._past.clear()

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return the alpha before `free` is taken into account, (M, M)."""
        kind = HullMask if learned is None else LearnedMask
        return kind(self.erode, self.feather, self.forehead).alpha(points, size_px, learned)

    def free(
        self, frames: Sequence[Frame], views: Sequence[AlignedFace], tracks: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return where each view shows the face itself, (MASK_PX, MASK_PX) in [0, 1]."""
        free = [np.zeros((MASK_PX, MASK_PX), np.float32) for _ in views]  # of points on one spot, which show no face
        for i, shares, matrix in parsed_views(frames, views, self.parser):
            seen = self._softened(without_specks(self._shown(shares)), matrix, views[i])
            free[i] = self._steadied(seen, frames[i].index, tracks[i])
        return free

    def _shown(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the sum of the parser's classes (classes, P, P) that are to be pasted."""
        from faceswap.facenets.parser import FACE

        return np.asarray(shares[list(FACE)].sum(0))

    def _softened(self, share: NDArray[np.float32], frame_to_parsed: NDArray, view: AlignedFace) -> NDArray[np.float32]:
        """Return the parser's share of face (P, P) in the model's view, its edge as soft as asked for."""
        seen = in_view(share, frame_to_parsed, view, MASK_PX)
        t = np.clip((seen - SURELY_HIDDEN) / (SURELY_FREE - SURELY_HIDDEN), 0, 1)
        free = smoothstep(t).astype(np.float32)
        sigma = self.edge / 2 * face_size(view.points) * MASK_PX / view.size_px
        return cv2.GaussianBlur(free, (0, 0), sigma) if sigma > 0.3 else free

    def _steadied(self, free: NDArray[np.float32], frame_index: int, track: int) -> NDArray[np.float32]:
        """Return the mask averaged with the previous frame's along a track.

        Small changes are noise, large ones a hand.
        """
        if self.steady == 0 or track < 0:
            return free
        last, past = self._past.get(track, (-1, free))
        if last == frame_index - 1:
            change = np.abs(free - past)
            free = past + (1 - self.steady * np.clip(1 - change / CHANGE, 0, 1)) * (free - past)
        self._past[track] = (frame_index, free)
        for ended in [known for known, (index, _) in self._past.items() if index < frame_index - 1]:
            del self._past[ended]  # a long film has thousands of tracks
        return free


@dataclass(frozen=True)
class HeadMask(HeadMaskConfig, ParsedMask):
    """The whole head with hair, ears and neck, as the parser sees it, without what hides it.

    `feather` is the share of the view over which it fades out towards the view's border.
    """

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return 1 in the view, falling to 0 at its border, (M, M)."""
        return border_ramp(MASK_PX, float(self.feather), float(self.erode))

    def _shown(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        from faceswap.facenets.parser import HEAD

        return np.asarray(shares[list(HEAD)].sum(0))


def without_specks(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the parser's share of face (P, P) without small holes: what hides a face is large or reaches in."""
    hidden = share < 0.5
    _, places, stats, _ = cv2.connectedComponentsWithStats(hidden.astype(np.uint8))
    small = stats[:, cv2.CC_STAT_AREA] < LARGEST_SPECK * np.count_nonzero(~hidden)
    return np.where(small[places] & hidden, np.float32(1), share)
