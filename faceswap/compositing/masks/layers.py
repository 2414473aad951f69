"""Masks of several masks: their union, their intersection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.masks.config import IntersectionMaskConfig, UnionMaskConfig
from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.painted import PaintedMask
from faceswap.compositing.masks.parsed import HeadMask, ParsedMask
from faceswap.compositing.masks.protocol import FrameMask, Mask, alpha_of, mask_at, sized
from faceswap.compositing.masks.shapes import BoxMask, HullMask
from faceswap.core.values import AlignedFace, Frame

KINDS: dict[str, Callable[..., Mask]] = {
    "hull": HullMask, "box": BoxMask, "learned": LearnedMask, "parsed": ParsedMask, "head": HeadMask,
}  # fmt: skip
PAINTED = "painted"
Join = Callable[[NDArray, NDArray], NDArray]


class Layers:
    """Masks laid over each other; `join` makes one alpha of two: np.maximum or np.minimum.

    The larger or the smaller of two alphas, not their sum or product: a mask with itself is itself, feather and all.
    """

    def __init__(self, masks: Sequence[Mask], join: Join) -> None:
        self.masks, self.join = tuple(masks), join

    def at(self, frame: int) -> Layers:
        """Return the mask as it is at a frame."""
        return Layers([mask_at(mask, frame) for mask in self.masks], self.join)

    def forget(self) -> None:
        """Let each mask begin anew that remembers frames: what follows is another part of the film."""
        for mask in self.masks:
            if isinstance(mask, Layers | ParsedMask):
                mask.forget()

    def alpha(self, points: NDArray, size_px: int, learned: NDArray | None) -> NDArray[np.float32]:
        """Return the alpha without what the frames say, (M, M)."""
        return self._joined([mask.alpha(points, size_px, learned) for mask in self.masks])

    def free(self, frames: Sequence[Frame], views: Sequence[AlignedFace], tracks: Sequence[int]) -> list[NDArray]:
        """Return what the frames say of each mask, (K, M, M) a view."""
        each = [mask.free(frames, views, tracks) if isinstance(mask, FrameMask) else None for mask in self.masks]
        return [_stacked([None if one is None else one[i] for one in each]) for i in range(len(views))]

    def alpha_seen(self, points: NDArray, size_px: int, learned: NDArray | None, free: NDArray) -> NDArray[np.float32]:
        """Return the alpha with what `free` has told of a view."""
        parts, first = [], 0
        for mask in self.masks:
            count = depth(mask)
            own = free[first : first + count] if isinstance(mask, Layers) else free[first]
            parts.append(alpha_of(mask, points, size_px, learned, own))
            first += count
        return self._joined(parts)

    def _joined(self, alphas: Sequence[NDArray]) -> NDArray[np.float32]:
        side = max(alpha.shape[0] for alpha in alphas)
        joined = sized(alphas[0], side)
        for alpha in alphas[1:]:
            joined = self.join(joined, sized(alpha, side))
        return np.asarray(joined, np.float32)


class UnionMask(Layers):
    """All that one of the masks takes in."""

    def __init__(
        self,
        of: Sequence[str] = UnionMaskConfig.of,
        erode: float | str | None = UnionMaskConfig.erode,
        feather: float | str | None = UnionMaskConfig.feather,
    ) -> None:
        super().__init__(masks_named(of, erode, feather), np.maximum)


class IntersectionMask(Layers):
    """What all of the masks take in."""

    def __init__(
        self,
        of: Sequence[str] = IntersectionMaskConfig.of,
        erode: float | str | None = IntersectionMaskConfig.erode,
        feather: float | str | None = IntersectionMaskConfig.feather,
    ) -> None:
        super().__init__(masks_named(of, erode, feather), np.minimum)


def masks_named(
    names: Sequence[str], erode: float | str | None = None, feather: float | str | None = None
) -> list[Mask]:
    """Return masks by their names; edges that are None are each one's own, and what is painted has none."""
    edges = {name: value for name, value in (("erode", erode), ("feather", feather)) if value is not None}
    return [PaintedMask() if name == PAINTED else KINDS[name](**edges) for name in names]


def depth(mask: Mask) -> int:
    """Return how many pictures `free` gives of a mask."""
    return sum(map(depth, mask.masks)) if isinstance(mask, Layers) else 1


def _stacked(seen: Sequence[NDArray | None]) -> NDArray[np.float32]:
    """Return the pictures of one view as one array, ones where a mask does not look at frames."""
    known = [one for one in seen if one is not None]
    side = max((one.shape[-1] for one in known), default=1)
    layers: list[NDArray] = []
    for one in seen:
        flat = [np.ones((side, side), np.float32)] if one is None else one if one.ndim == 3 else [one]
        layers += [sized(layer, side) for layer in flat]
    return np.stack(layers)
