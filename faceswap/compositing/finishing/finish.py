"""The last of a drawn face before it lies in the frame: what it takes on of the film."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.compositing.finishing.grain import carried_grain
from faceswap.compositing.finishing.motion_blur import Shutter
from faceswap.compositing.finishing.sharpness import matched, sharpened
from faceswap.compositing.finishing.skin import skin_weights
from faceswap.core.geometry import compose, face_size, resizing, scale_of
from faceswap.core.values import AlignedFace
from faceswap.utils.settings.keyframes import Keyframes

SHARPEST = 3.0
SKIN_PX = 128


@dataclass(frozen=True)
class Finish:
    """What a drawn face takes on of the frame; nothing unless asked for.

    Attributes:
        sharpen: How much an unsharp mask adds, 0 to SHARPEST, by frame if it changes; auto: as sharp as B's own face in
            the frame.
        motion_blur: As blurred along the way it goes as B's own face.
        grain: The film's grain on skin.
        shutter: What the faces so far have told of the film's.
    """

    sharpen: float | Literal["auto"] | Keyframes = 0.0
    motion_blur: bool = False
    grain: bool = False
    shutter: Shutter = field(default_factory=Shutter, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.sharpen, int | float) and not 0 <= self.sharpen <= SHARPEST:
            raise ValueError(f"sharpen must be auto or from 0 to {SHARPEST:g}, not {self.sharpen}")

    def forget(self) -> None:
        """Begin anew: what follows is another part of the film."""
        self.shutter.forget()

    @classmethod
    def along(cls, sharpen: str | float | Mapping[int, float], motion_blur: bool, grain: bool) -> Self:
        """Return the finish that settings mean. Raises UserError for a sharpness that is none."""
        if sharpen == "auto":
            return cls("auto", motion_blur, grain)
        course = Keyframes.read("sharpen", sharpen, SHARPEST)
        return cls(course if isinstance(course.said, str) else course.said, motion_blur, grain)

    def at(self, frame: int) -> Self:
        """Return the finish as it is at a frame; what it has learned of the film's shutter stays one for all."""
        if not isinstance(self.sharpen, Keyframes):
            return self
        here = copy.copy(self)
        object.__setattr__(here, "sharpen", self.sharpen.at(frame))  # it is frozen
        return here

    def on(self, view: AlignedFace, motion: NDArray | None = None, track: int = -1) -> Finishing | None:
        """Return what is done to the face drawn for a view that moves by (2,) pixels a frame; None: nothing."""
        still = np.zeros(2, np.float32)
        return None if self == Finish() else Finishing(self, view, still if motion is None else motion, track)


@dataclass(frozen=True, eq=False)
class Finishing:
    """One face's finish. `motion` (2,): x, y in pixels from one frame to the next; `track`: -1 for none."""

    finish: Finish
    view: AlignedFace
    motion: NDArray[np.float32]
    track: int = -1

    def applied(
        self,
        drawn: NDArray[np.float32],
        under: NDArray[np.uint8],
        weights: NDArray[np.float32],
        left_top: tuple[int, int],
    ) -> NDArray[np.float32]:
        """Return a drawn face with what it takes on.

        Args:
            drawn: (H, W, 3) RGB in [0, 1], as it will lie in the frame.
            under: (H, W, 3) RGB of the frame there.
            weights: (H, W) in [0, 1], the mask.
            left_top: Where in the frame these begin.
        """
        finish, scale = self.finish, 1 / scale_of(self.view.frame_to_crop)
        if finish.motion_blur:
            drawn = finish.shutter.blurred(drawn, under, weights, self.motion, self.track)
        if not (finish.grain or finish.sharpen):
            return cv2.max(drawn, 0)
        own = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY)
        there = cv2.cvtColor(under.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2GRAY)
        change = self._sharper(own, there, weights, scale)
        if finish.grain:
            skin = np.where(weights > 0, self._skin(weights.shape, left_top), np.float32(0))
            change = cv2.add(change, carried_grain(there, cv2.add(own, change), skin, scale))
        return cv2.max(cv2.add(drawn, cv2.cvtColor(change, cv2.COLOR_GRAY2RGB)), 0)

    def _sharper(
        self, own: NDArray[np.float32], there: NDArray[np.float32], weights: NDArray[np.float32], scale: float
    ) -> NDArray[np.float32]:
        """Return (H, W) what sharpness adds to the brightness of the face, `own`, over that of the frame, `there`."""
        sharpen = self.finish.sharpen
        if sharpen == "auto":
            return matched(own, there, weights, face_size(self.view.points) * scale)
        if isinstance(sharpen, Keyframes) or not sharpen:
            return np.zeros_like(own)
        return sharpened(own, float(sharpen), scale)

    def _skin(self, shape: tuple[int, ...], left_top: tuple[int, int]) -> NDArray[np.float32]:
        """Return (H, W) in [0, 1]: where in the part of the frame skin is."""
        view = self.view
        skin = skin_weights(view.points, view.size_px, SKIN_PX)
        part_to_frame = np.array([[1, 0, left_top[0]], [0, 1, left_top[1]]], np.float64)
        to_skin = compose(resizing(view.size_px, SKIN_PX), compose(view.frame_to_crop, part_to_frame))
        return cv2.warpAffine(skin, to_skin, shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
