"""Morph films: photo -> its reconstruction -> the other's reconstruction -> the other photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faceswap.stylegan.morphing.config import Timing
from faceswap.utils.numbers import half_cosine, smoothstep

# Share of the time -> share of the way, both in [0, 1].
EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda t: t,
    "smooth": smoothstep,
    "sine": lambda t: 1 - half_cosine(t),
}


@dataclass(frozen=True)
class Moment:
    """A moment of the film.

    `way` in [0, 1]: from the first face to the second; `photo` in [0, 1]: opacity of the photo at that end.
    """

    way: float
    photo: float


def moments(timing: Timing, frames_per_second: float, with_first: bool, with_second: bool) -> Iterator[Moment]:
    """Yield the moments of a film, one for each frame; `with_...`: whether there is a photo at that end."""
    parts = (timing.hold_seconds, timing.fade_seconds, timing.seconds)
    hold, fade, morph = (round(seconds * frames_per_second) for seconds in parts)
    there = [
        *[Moment(0.0, float(with_first))] * hold,
        *([Moment(0.0, 1 - step / fade) for step in range(1, fade + 1)] if with_first else []),
        *[Moment(EASINGS[timing.easing](step / max(morph - 1, 1)), 0.0) for step in range(max(morph, 1))],
        *([Moment(1.0, step / fade) for step in range(1, fade + 1)] if with_second else []),
        *[Moment(1.0, float(with_second))] * hold,
    ]
    yield from there
    if timing.there_and_back:
        yield from reversed(there[:-1])


@dataclass(frozen=True, eq=False)
class Ending:
    """One end of a morph: its code (rows, w_size), and the picture (S, S, 3) of the photo's crop, if there is one."""

    rows: Tensor
    photo: NDArray[np.uint8] | None = None


def morph_frames(
    draw: Callable[[Tensor], NDArray[np.float32]], first: Ending, second: Ending, film: list[Moment], size_px: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames (size_px, size_px, 3) uint8 RGB of moments.

    A drawing is fitted to the colours of the photo it fades into only by the fade itself: nothing is hidden.

    Args:
        draw: (N, rows, w_size) -> (N, R, R, 3) in [0, 1].
    """
    drawn_at: dict[float, NDArray[np.float32]] = {}
    for moment in film:
        if moment.way not in drawn_at:
            drawn_at = {moment.way: _drawn(draw, torch.lerp(first.rows, second.rows, moment.way), size_px)}
        picture = drawn_at[moment.way]
        photo = (first if moment.way < 0.5 else second).photo
        if moment.photo and photo is not None:
            over = cv2.resize(photo, (size_px, size_px), interpolation=_method(photo, size_px))
            picture = (1 - moment.photo) * picture + moment.photo * (over.astype(np.float32) / 255)
        yield np.round(picture * 255).astype(np.uint8)


def _drawn(draw: Callable[[Tensor], NDArray[np.float32]], rows: Tensor, size_px: int) -> NDArray[np.float32]:
    picture = draw(rows[None])[0]
    return np.clip(cv2.resize(picture, (size_px, size_px), interpolation=_method(picture, size_px)), 0, 1)


def _method(picture: NDArray, size_px: int) -> int:
    return cv2.INTER_AREA if picture.shape[0] > size_px else cv2.INTER_CUBIC
