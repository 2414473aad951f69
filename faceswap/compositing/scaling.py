"""Drawn faces made larger or smaller than the one they cover, about its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import compose, warp_crop
from faceswap.core.values import AlignedFace, Frame


def scaled_view(frame: Frame, view: AlignedFace, scale: float) -> AlignedFace:
    """Return the view whose face is `scale` times as large in the frame; its picture is what the frame shows there."""
    about = _about(view.points.mean(0), 1 / scale)
    frame_to_view = compose(about, view.frame_to_crop)
    picture = warp_crop(frame.image, frame_to_view, view.size_px, repeat_border=True)
    return replace(view, image=picture, frame_to_crop=frame_to_view)


def free_of_scaled(free: NDArray[np.float32], view: AlignedFace, scale: float) -> NDArray[np.float32]:
    """Return what a mask saw in a view, (M, M) or (K, M, M), in the scaled one: a hand stays where it is filmed."""
    side = free.shape[-1]
    if side == 1:
        return free
    middle = (view.points.mean(0) + 0.5) * (side / view.size_px) - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    layers: Sequence[NDArray] = list(free) if free.ndim == 3 else [free]
    warped = [
        cv2.warpAffine(one, _about(middle, scale), (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for one in layers
    ]
    return np.stack(warped) if free.ndim == 3 else warped[0]


def _about(middle: NDArray, scale: float) -> NDArray[np.float64]:
    """Return the map (2, 3) that enlarges about a point."""
    x, y = np.asarray(middle, np.float64)
    return np.array([[scale, 0, x * (1 - scale)], [0, scale, y * (1 - scale)]])
