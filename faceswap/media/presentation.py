"""Comparison films and pictures: two sources side by side, labelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Frame
from faceswap.media.pictures.tiles import draw_labels
from faceswap.media.reading import read_frames
from faceswap.media.sources import SourceInfo
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter, writer_for
from faceswap.utils.limits import COMPARISON_STILL_SECONDS
from faceswap.utils.progress import Progress

COMPARISON_CODING = Coding(crf=20)
PANEL_MAX_PX = (1920, 1080)
MAX_FRAMES_PER_SECOND = Fraction(60)
_LABEL_SHARE = 0.07
_TOLERANCE_SECONDS = 0.0005  # half a tick: a frame due at 0.0333333 belongs to the time 1/30


@dataclass(frozen=True)
class SideBySide:
    """`left` and `right` beside each other, each under its label.

    Films run at a constant rate (the left one's, at most 60 frames a second) for as long as `right` lasts, with the
    left one's sound; each shows its own first frame first. `right` shows the frames `start` to `stop` of `left`. Panels
    have one size, at most 1920 x 1080. Pictures give pictures.
    """

    left: SourceInfo
    right: SourceInfo
    labels: tuple[str, str] = ("original", "swapped")
    metadata: Mapping[str, str] | None = None
    start: int = 0
    stop: int | None = None

    def write(self, out: Path) -> Path:
        """Write the film or the pictures and return `out`. Raises UserError for an unreadable source."""
        if self.left.kind == "images":
            self._write_pictures(out)
        else:
            self._write_film(out)
        return out

    def _write_film(self, out: Path) -> None:
        from moviepy import ImageClip, VideoClip, clips_array

        panel = _panel_size(self.left.width, self.left.height)
        rate = min(self.left.frames_per_second, MAX_FRAMES_PER_SECOND)
        shown_left, shown_right = _ByTime(self.left, panel, self.start, self.stop), _ByTime(self.right, panel)
        seconds = 1e9  # they end with the frames of `right`, whatever its header says
        composed = clips_array(
            [
                [ImageClip(_label(text, panel[0]), duration=seconds) for text in self.labels],
                [VideoClip(shown, duration=seconds) for shown in (shown_left, shown_right)],
            ],
            bg_color=(0, 0, 0),  # without one moviepy blends four channels, at half the speed
        )
        info = replace(self.left, frames_per_second=rate)
        first_seconds = shown_left.first_seconds
        with VideoWriter(
            out,
            info,
            start=self.start,
            stop=self.stop,
            coding=COMPARISON_CODING,
            metadata=self.metadata,
            size=composed.size,
        ) as writer:
            index = 0
            with Progress(self.right.frame_count, "side by side") as bar:
                while not shown_right.is_over(float(index / rate), float(1 / rate)):
                    image = composed.get_frame(float(index / rate))
                    writer.write(Frame(np.asarray(image, np.uint8), index, first_seconds + float(index / rate)))
                    still_seconds = min(shown.still_seconds(float(index / rate)) for shown in (shown_left, shown_right))
                    # A picture that stands for long is repeated for a moment only: players hold the last one.
                    is_long = COMPARISON_STILL_SECONDS < still_seconds < float("inf")
                    index += max(1, int(still_seconds * rate)) if is_long else 1
                    bar.advance()

    def _write_pictures(self, out: Path) -> None:
        width, height = _panel_size(self.left.width, self.left.height)
        size = (2 * width, height + _label("", width).shape[0])  # of a film; picture files take any
        originals, results = read_frames(self.left, self.start, self.stop), read_frames(self.right)
        with writer_for(self.left, out, start=self.start, stop=self.stop, metadata=self.metadata, size=size) as writer:
            for original, result in zip(originals, results, strict=False):
                panel = _panel_size(original.width, original.height)
                columns = [
                    np.vstack([_label(text, panel[0]), _fitted(frame.image, panel)])
                    for text, frame in zip(self.labels, (original, result), strict=True)
                ]
                writer.write(Frame(np.hstack(columns), original.index, original.seconds))


class _ByTime:
    """The picture a source shows at a time, counted from its first frame; times must mostly grow."""

    def __init__(self, info: SourceInfo, size: tuple[int, int], start: int = 0, stop: int | None = None) -> None:
        self._info, self._size, self._range = info, size, (start, stop)
        self._rewind()
        self.first_seconds = self._current_seconds

    def __call__(self, seconds: float) -> NDArray[np.uint8]:
        wanted = self.first_seconds + seconds + _TOLERANCE_SECONDS
        if wanted < self._current_seconds:
            self._rewind()
        while self._following is not None and self._following.seconds <= wanted:
            self._show(self._following)
        return self._image

    def is_over(self, seconds: float, step_seconds: float) -> bool:
        """Return True when the last frame has been shown for one step."""
        ends = self._current_seconds + step_seconds - _TOLERANCE_SECONDS
        return self._following is None and self.first_seconds + seconds >= ends

    def still_seconds(self, seconds: float) -> float:
        """Return how long the picture shown at this time stands on; infinite for the last one."""
        following = self._following.seconds if self._following is not None else float("inf")
        return following - self.first_seconds - seconds

    def _rewind(self) -> None:
        self._frames: Iterator[Frame] = iter(read_frames(self._info, *self._range))
        self._show(next(self._frames))

    def _show(self, frame: Frame) -> None:
        self._image = _fitted(frame.image, self._size)
        self._current_seconds = frame.seconds
        self._following = next(self._frames, None)


def _panel_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, PANEL_MAX_PX[0] / width, PANEL_MAX_PX[1] / height)
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _label(text: str, width: int) -> NDArray[np.uint8]:
    height = 2 * max(8, round(width * _LABEL_SHARE / 2))
    return draw_labels(np.full((height, width, 3), 24, np.uint8), [text], [(0, 0, width, height)])


def _fitted(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the picture in the middle of a panel (width, height), its shape kept, black around it."""
    if image.shape[1::-1] == size:
        return image
    scale = min(size[0] / image.shape[1], size[1] / image.shape[0])
    width, height = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    panel = np.zeros((size[1], size[0], 3), np.uint8)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    panel[top : top + height, left : left + width] = cv2.resize(image, (width, height), interpolation=method)
    return panel
