"""The colours of faces and frames, averaged over a film's time. How they are matched: media/colour_transfer.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from faceswap.media.colour_transfer import ColourStatistics
from faceswap.utils.errors import UserError


@dataclass
class ColourMemory:
    """Running averages of the colour statistics along each track, so that one frame's error does not flicker.

    `keep` in [0, 1): how much of the past stays each frame (0: none; 0.8 at 25 fps: about 0.2 s). A track begins anew
    at a cut; one not seen for `forget_frames` is forgotten.
    """

    keep: float = 0.8
    forget_frames: int = 25
    _past: dict[int, tuple[int, int, ColourStatistics, ColourStatistics]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.keep < 1:
            raise UserError(f"smooth_colour={self.keep}: must be at least 0 and below 1")

    def smoothed(
        self, track: int, frame_index: int, source: ColourStatistics, target: ColourStatistics
    ) -> tuple[ColourStatistics, ColourStatistics]:
        """The statistics of a face averaged with its past; those of a face without a track (-1) as they are."""
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
    return ColourStatistics(
        past.mean + share * (now.mean - past.mean), past.covariance + share * (now.covariance - past.covariance)
    )
