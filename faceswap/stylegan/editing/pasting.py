"""Pasting of edited faces into frames: the change is added, or the whole face replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from faceswap.compositing.blenders import Blender
from faceswap.compositing.colour import ColourSmoother
from faceswap.compositing.compositor import blend, paste_change
from faceswap.compositing.masks.protocol import FrameMask, Mask, alpha_of, mask_at
from faceswap.core.geometry import compose, resizing, scale_of
from faceswap.core.values import AlignedFace, Decoded, Frame
from faceswap.media.pictures.colour_transfer import ColourMatcher
from faceswap.stylegan.editing.flow import motion_and_rest
from faceswap.stylegan.editing.reach import EVERYTHING, Reach, reach_alpha, without_light
from faceswap.utils.choices import Way
from faceswap.utils.images import channels_last


@dataclass
class Paster:
    """How an edit comes into the picture.

    `way` "move": what the edit moves is moved in the picture, what else it changes is added, so that the picture keeps
    its sharpness where a small generator has none; "change": edited minus reconstructed is added and nothing moved;
    "whole": the edited face replaces what is there, as a swap does.
    """

    mask: Mask
    colour: ColourMatcher
    blender: Blender
    way: Way = "move"
    memory: ColourSmoother = field(default_factory=ColourSmoother)

    def seen(
        self, frames: Sequence[Frame], views: Sequence[AlignedFace], tracks: Sequence[int]
    ) -> Sequence[NDArray] | None:
        """Return what a mask that looks at frames says of each view; None of others."""
        return self.mask.free(frames, views, tracks) if isinstance(self.mask, FrameMask) and views else None

    def paste(
        self,
        frame: Frame,
        views: Sequence[AlignedFace],
        before: NDArray,
        after: NDArray,
        tracks: Sequence[int],
        free: Sequence[NDArray] | None,
        reaches: Sequence[Reach] = (EVERYTHING,),
    ) -> Frame:
        """Return the frame with its faces edited.

        `before`, `after` (n, R, R, 3) in [0, 1]: as drawn without and with it; `reaches`: what the edits may change,
        except where the whole face is replaced.
        """
        if self.way == "whole":
            return blend(
                frame,
                views,
                Decoded(after, None),
                mask=self.mask,
                colour=self.colour,
                blender=self.blender,
                memory=self.memory,
                tracks=tracks,
                free=free,
            )
        image, mask = frame.image.copy(), mask_at(self.mask, frame.index)
        for index in sorted(range(len(views)), key=lambda i: -scale_of(views[i].frame_to_crop)):
            view = views[index]
            alpha = self.alpha(mask, view, free, index)
            within = reach_alpha(reaches, view.points, view.size_px)
            alpha = alpha * cv2.resize(within, alpha.shape[::-1], interpolation=cv2.INTER_AREA)
            has_light = any(reach.light for reach in reaches)
            if self.way == "change" or not any(reach.moves for reach in reaches):
                change = after[index] - before[index]
                paste_change(image, change if has_light else without_light(change), alpha, view.frame_to_crop)
                continue
            flow, rest = motion_and_rest(before[index], after[index], turns=any(reach.turns for reach in reaches))
            if all(reach.turns for reach in reaches):
                alpha, rest = self.alpha(mask, view, None, index), np.zeros_like(rest)  # a mask would tear at its edge
            elif not has_light:
                rest = without_light(rest)
            frame_to_flow = compose(resizing(view.size_px, len(flow)), view.frame_to_crop)
            paste_change(image, rest, alpha, frame_to_flow, flow)
        return Frame(image, frame.index, frame.seconds)

    def alpha(self, mask: Mask, view: AlignedFace, free: Sequence[NDArray] | None, index: int) -> NDArray[np.float32]:
        """Return how much of the change a view takes, (M, M) in [0, 1]; `free[index]`: what `seen` said of it."""
        return alpha_of(mask, view.points, view.size_px, None, None if free is None else free[index])


def as_pictures(images: Tensor) -> NDArray[np.float32]:
    """Return what a generator draws, (N, 3, R, R) about [-1, 1], as (N, R, R, 3) float32 RGB in [0, 1]."""
    return channels_last(images.detach().float().clamp(-1, 1).add(1).div(2))
