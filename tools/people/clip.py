"""A shot as a film with sound, and its exact landmarks beside it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from faceswap.utils.files.atomic import atomic_path
from tools.people.speech import SAMPLE_RATE

BT709 = 1  # FFmpeg's number for its primaries, transfer and matrix
LIMITED_RANGE = 1
AUDIO_BLOCK = 1024


def write_clip(
    path: Path, frames: Iterable[NDArray[np.uint8]], sound: NDArray[np.float32], rate: int = 25, crf: int = 20
) -> None:
    """H.264 yuv420p tagged BT.709 with AAC sound.

    `frames` (S, S, 3) uint8 RGB with even S, `sound` mono at SAMPLE_RATE.
    """
    with (
        atomic_path(path) as temp,
        av.open(str(temp), "w", format="mp4", options={"movflags": "faststart"}) as container,
    ):
        video = container.add_stream("libx264", rate=rate)
        video.pix_fmt = "yuv420p"
        video.options = {"crf": str(crf), "preset": "slow", "tune": "film"}
        context = video.codec_context
        context.color_range, context.colorspace = LIMITED_RANGE, BT709
        context.color_primaries, context.color_trc = BT709, BT709
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 64_000
        for index, image in enumerate(frames):
            if index == 0:  # the encoder opens with the first frame
                video.height, video.width = image.shape[:2]
            container.mux(video.encode(_video_frame(image, index, rate)))
        container.mux(video.encode(None))
        for start in range(0, len(sound), AUDIO_BLOCK):
            container.mux(audio.encode(_audio_frame(sound[start : start + AUDIO_BLOCK], start)))
        container.mux(audio.encode(None))


def write_landmarks(path: Path, points: NDArray[np.float32]) -> None:
    """`frame` (n,), `box` (n, 4), `points` (n, 68, 2), `score` (n,) as an .npz; pixel centres at whole numbers."""
    points = np.asarray(points, np.float32)
    boxes = np.concatenate([points.min(1), points.max(1)], 1)
    with atomic_path(path) as temp, temp.open("wb") as file:
        np.savez_compressed(
            file,
            frame=np.arange(len(points), dtype=np.int32),
            box=boxes,
            points=points,
            score=np.ones(len(points), np.float32),
        )


def landmarks_path(clip: Path) -> Path:
    """Return where a clip's landmarks lie."""
    return clip.with_suffix(".landmarks.npz")


def _video_frame(image: NDArray[np.uint8], index: int, rate: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(
        format="yuv420p",
        src_colorspace="ITU709",
        dst_colorspace="ITU709",
        src_color_range="JPEG",
        dst_color_range="MPEG",
    )
    frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = BT709, LIMITED_RANGE, BT709, BT709
    frame.pts, frame.time_base = index, Fraction(1, rate)
    return frame


def _audio_frame(samples: NDArray[np.float32], start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
    return frame
