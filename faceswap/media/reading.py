"""Reading of frames from any source, one after another, in constant memory."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Container, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Frame
from faceswap.media.pictures.images import read_animation
from faceswap.media.sources import SourceInfo, probe
from faceswap.media.video.timeline import Timeline
from faceswap.utils.errors import UserError

log = logging.getLogger(__name__)

MAX_DECODING_THREADS = 8  # each one holds some frames: at 4K more would cost memory and gain nothing
THREADS_PIXELS = 100_000_000  # of all threads together


class NoFrames(UserError):
    """A source ends before the frames that were asked for."""


def read_frames(
    source: str | Path | SourceInfo,
    start: int = 0,
    stop: int | None = None,
    *,
    threads: int = 0,
    only: Container[int] | None = None,
    stored_bits: int = 0,
) -> Iterator[Frame]:
    """Yield the frames `start` <= index < `stop` of a source: each decoded picture once, upright, 8-bit RGB.

    `Frame.seconds` is the presentation time the file gives, less `SourceInfo.start_seconds`, and grows from frame to
    frame (see Timeline); a raw stream without times counts by its nominal rate, pictures of a folder by 25 a second.
    For images `index` is the place in
    `SourceInfo.files`, also when an unreadable file is passed over. All frames of a film have one size: where the film
    changes it, frames are scaled to the first one's. Range and matrix tags are honoured, alpha is laid on black, HLG
    and PQ stay as they are.

    `stored_bits`: films and pictures give each frame's stored planes too, with so many bits at least; 0: they do not.
    `only`: of these frames those alone; what a film shows of the others is decoded and goes no further.
    `threads` decode (0: one a core, at most 8). What is damaged is left out, counted and logged as one warning. Frames
    before `start` are decoded and dropped, so that indices stay exact.

    Raises:
        UserError: It names the file when nothing can be read, or when `start` lies behind the end.
    """
    if start < 0 or (stop is not None and stop <= start):
        raise UserError(f"frames from {start} to {stop}: start must be 0 or more and stop greater than start")
    info = source if isinstance(source, SourceInfo) else probe(source)
    if info.kind == "images":
        frames = _read_images(info, start, stop, only, stored_bits)
    elif info.kind == "animation":
        frames = _read_animation(info, start, stop, only)
    else:
        frames = _read_film(info, start, stop, threads, only, stored_bits)
    index = -1
    for frame in frames:
        index = frame.index
        yield frame
    if index < 0:
        raise NoFrames(
            f"{info.path} has no readable frame from number {start} on; it holds {info.frame_count or 'fewer'}"
        )


def _read_images(
    info: SourceInfo, start: int, stop: int | None, only: Container[int] | None, stored_bits: int
) -> Iterator[Frame]:
    from faceswap.media.deep_pictures import read_picture

    unreadable = 0
    for index, file in enumerate(info.files[:stop]):
        if index < start or (only is not None and index not in only):
            continue
        try:
            image, stored = read_picture(file, stored_bits)
        except UserError as error:
            if info.is_still:
                raise
            unreadable += 1
            log.warning("left out: %s", error)
            continue
        yield Frame(image, index, float(index / info.frames_per_second), stored)
    if unreadable:
        log.warning("%s: %d of %d pictures left out", info.path, unreadable, len(info.files))


def _read_animation(
    info: SourceInfo, start: int, stop: int | None, only: Container[int] | None = None
) -> Iterator[Frame]:
    for index, (image, seconds) in enumerate(read_animation(info.path)):
        if stop is not None and index >= stop:
            return
        if index >= start and (only is None or index in only):
            yield Frame(image, index, seconds)


def _read_film(
    info: SourceInfo,
    start: int,
    stop: int | None,
    threads: int,
    only: Container[int] | None = None,
    stored_bits: int = 0,
) -> Iterator[Frame]:
    from faceswap.media.video import streams
    from faceswap.media.video.decoding import Damage, decode_pictures, missing_end, nothing_decoded
    from faceswap.media.video.pixels import RgbReader
    from faceswap.media.video.stored import StoredReader

    damage = Damage()
    to_rgb = RgbReader()
    to_planes = StoredReader(stored_bits, (info.width, info.height)) if stored_bits else None
    index = -1
    timeline = Timeline(info.start_seconds)
    step_seconds = 0.0
    seconds = -math.inf
    transform = None
    with streams.open_film(info.path) as container:
        stream = streams.picture_stream(container, info.path)
        affordable = max(1, THREADS_PIXELS // max(1, info.stored_width * info.stored_height))
        stream.thread_count = threads or min(MAX_DECODING_THREADS, os.cpu_count() or 1, affordable)
        stream.thread_type = "AUTO"
        for picture in decode_pictures(container, stream, damage):
            index += 1
            if stop is not None and index >= stop:
                break
            seconds = max(timeline.seconds(picture.time, step_seconds), seconds + float(info.time_base))
            step_seconds = float(1 / info.frames_per_second)
            transform = transform or streams.display_transform(picture)
            if index < start or (only is not None and index not in only):
                continue
            image = streams.turn(to_rgb(picture), transform)
            stored = to_planes(picture, transform) if to_planes else None
            yield Frame(_resized(image, info.width, info.height), index, seconds, stored)
        if index >= 0 and stop is None and not damage.describe():
            damage.broken_off = missing_end(container, stream, damage, seconds)
    if index < 0:
        raise nothing_decoded(info.path, damage)
    damage.jumps = timeline.jumps
    if damage.describe():
        log.warning("%s: %s; the last frame read is number %d", info.path, damage.describe(), index)


def _resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] >= height and image.shape[1] >= width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)
