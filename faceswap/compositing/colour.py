"""Colour statistics of faces and frames, smoothed over time. Matching: media/pictures/colour_transfer.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from faceswap.media.pictures.colour_transfer import ColourStatistics
from faceswap.utils.errors import UserError

FLICKER_LEVELS = 2.0  # grey levels by which the mean colour of a face errs from frame to frame; more is light
FLICKER_VARIANCE = 0.3  # and the share by which its variance does


Colours = tuple[ColourStatistics, ColourStatistics]  # of a drawn face, and of the one it covers


def centred(seen: Sequence[Colours | None], now: int, keep: float) -> Colours | None:
    """Return the colours of a frame, steadied by those before and after it: no lag.

    The weights fall by `keep` a frame. Light is followed as by ColourSmoother: what comes back lies as near to what the
    frame itself shows.

    Args:
        seen: Of one track in consecutive frames; None where they could not be told.
        now: Which of them is meant.
        keep: How much a neighbour counts, in [0, 1).
    """
    here = seen[now]
    if here is None or keep == 0:
        return here
    known = [(keep ** abs(place - now), one) for place, one in enumerate(seen) if one is not None]
    total = sum(weight for weight, _ in known)
    mixed = []
    for side in (0, 1):
        mean = np.asarray(sum(weight * one[side].mean for weight, one in known) / total)
        covariance = np.asarray(sum(weight * one[side].covariance for weight, one in known) / total)
        mixed.append(_mixed(replace(here[side], mean=mean, covariance=covariance), here[side], 0.0))
    return mixed[0], mixed[1]


@dataclass
class ColourSmoother:
    """Running averages of the colour statistics along each track, so that one frame's error does not flicker.

    `keep` in [0, 1): how much of the past stays each frame (0: none; 0.8 at 25 fps: about 0.2 s). A track begins anew
    at a cut; one not seen for `forget_frames` is forgotten. Light is followed: what is given back lies within
    FLICKER_LEVELS grey levels and FLICKER_VARIANCE of what the frame itself shows, so a fade, a flash or a lamp leaves
    no face in the old light.
    """

    keep: float = 0.8
    forget_frames: int = 25
    _past: dict[int, tuple[int, int, ColourStatistics, ColourStatistics]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.keep < 1:
            raise UserError(f"smooth_colour={self.keep}: must be at least 0 and below 1")

    def forget(self) -> None:
        """Begin anew: what follows is another part of the film."""
        self._past.clear()

    def smoothed(
        self, track: int, frame_index: int, source: ColourStatistics, target: ColourStatistics
    ) -> tuple[ColourStatistics, ColourStatistics]:
        """Return the statistics of a face averaged with its past; those of a face without a track (-1) as they are."""
        if self.keep == 0 or track < 0:
            return source, target
        for known, (last, *_) in list(self._past.items()):
            if frame_index - last > self.forget_frames:
                del self._past[known]
        count = 1
        if track in self._past:
            _, count, past_source, past_target = self._past[track]
            count += 1
            share = max(1 - self.keep, 1 / count)  # a plain mean of the first frames, then a decaying one
            source = _mixed(past_source, source, share)
            target = _mixed(past_target, target, share)
        self._past[track] = (frame_index, count, source, target)
        return source, target


def _mixed(past: ColourStatistics, now: ColourStatistics, share: float) -> ColourStatistics:
    """Return the past and a share of what is new, but no further from now than errors of measurement are."""
    most = FLICKER_LEVELS * now.grey_level
    mean = now.mean + np.clip((1 - share) * (past.mean - now.mean), -most, most)
    off = (1 - share) * (past.covariance - now.covariance)
    usual = max(float(np.trace(now.covariance)), 3 * now.grey_level**2)
    off *= min(1.0, FLICKER_VARIANCE * usual / max(float(np.abs(np.trace(off))), 1e-12))
    return ColourStatistics(mean, now.covariance + off, now.grey_level)
