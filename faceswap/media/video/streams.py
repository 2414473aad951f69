"""Safe opening of film files, their video stream, and its display orientation."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from faceswap.utils.errors import UserError
from faceswap.utils.limits import FRAME_PIXELS, WAIT_SECONDS
from faceswap.utils.untrusted.file_kinds import look_mistaken

# FFmpeg's names of the containers, and of streams without one, that hold a film of their own. Missing on purpose: what
# reads other files or addresses (hls, dash, concat, image2, sdp ...), what draws text (tty, bin, xbin, subtitles),
# single pictures, devices, and raw data, which has no mark that it could be told by.
FILM_FORMATS = (
    "mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "asf", "ogg", "mxf", "gxf", "dv", "nut", "ivf",
    "h264", "hevc", "vvc", "av1", "obu", "m4v", "h261", "h263", "vc1", "mjpeg", "mpjpeg", "yuv4mpegpipe", "rm", "wtv",
    "dirac", "dnxhd", "cavsvideo", "nsv", "nuv", "pva", "pmp", "ty", "swf", "dhav", "cine", "r3d", "gif", "apng",
    "webp", "amv", "live_flv", "kux",
)  # fmt: skip
_NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Closer to square than this is an encoder's rounding of the size, not an anamorphic picture.
_SQUARE_TOLERANCE = 0.01
Transform = tuple[int, int, int, int]  # a display matrix, see `display_transform`
_UPRIGHT: Transform = (1, 0, 0, 1)

av.logging.set_level(None)  # FFmpeg's own lines would go to stderr past logging; what matters is raised or counted


@contextmanager
def open_film(path: Path, options: Mapping[str, str] | None = None) -> Iterator[InputContainer]:
    """Open a film for reading, by its content whatever its name.

    A film is one local file: no address is followed, and what only names other files (a playlist, a list of films) or
    is no film (text, which some readers draw) is refused. `options` are FFmpeg's for opening it.

    Raises:
        UserError: With the reason when that fails.
    """
    check_readable(path)
    safe = {"protocol_whitelist": "file", "format_whitelist": ",".join(FILM_FORMATS)}
    try:
        container = av.open(
            f"file:{os.path.abspath(path)}", options={**(options or {}), **safe}, metadata_errors="replace"
        )
    except av.ArgumentError as error:  # FFmpeg knows the format, which is none of those above
        other = (
            "it is a list of other files, text, or a format that films are not read from; give the film itself, as "
            ".mp4, .mov, .mkv, .avi, .webm, .ts or the like"
        )
        raise UserError(f"cannot read {path} as a video: {look_mistaken(path) or other}") from error
    except (av.FFmpegError, ValueError) as error:
        raise UserError(f"cannot read {path} as a video: {look_mistaken(path) or why(error)}") from error
    with container:
        yield container


def check_readable(path: Path) -> None:
    """Raise UserError unless the path is a regular, readable file with something in it."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"cannot read {path} as a video: it is a folder")
        if not stat.S_ISREG(status.st_mode):  # a pipe or device might never end
            raise UserError(f"cannot read {path}: it is not a regular file")
        with open(path, "rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {(error.strerror or 'it cannot be opened').lower()}") from error
    if empty:
        raise UserError(f"cannot read {path}: the file is empty")


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream that is the film: not cover art, not thumbnails.

    Raises:
        UserError: There is none.
    """
    films = [stream for stream in container.streams.video if not stream.disposition & _NO_FILM]
    if not films:
        what = "only a cover picture" if container.streams.video else "no pictures"
        what += " and sound" if container.streams.audio else ""
        raise UserError(f"cannot read {path} as a video: it holds {what}, no video stream")
    usable = [stream for stream in films if stream.codec_context is not None]
    if not usable:
        raise UserError(f"cannot read {path}: no decoder for its video stream; convert it to H.264 first")
    stream = next((s for s in usable if s.disposition & Disposition.default), usable[0])
    stored = stream.codec_context.width, stream.codec_context.height
    for width, height in (stored, square_size(stream, *stored)):
        if width * height > FRAME_PIXELS:
            raise UserError(
                f"cannot read {path}: {width} x {height} is larger than {FRAME_PIXELS // 1_000_000} million pixels a "
                "frame; scale it down first"
            )
    # A film may change its size on the way: what is too large is refused by the decoder, before it takes the memory.
    stream.codec_context.options = {"max_pixels": str(FRAME_PIXELS)}
    return stream


def frames_per_second(stream: VideoStream) -> Fraction:
    """Return the nominal rate; 25 when the file tells nothing sensible."""
    for rate in (stream.guessed_rate, stream.average_rate):
        if rate and 1 <= rate <= 240:
            return Fraction(rate)
    return Fraction(stream.average_rate) if stream.average_rate else Fraction(25)


def start_seconds(container: InputContainer, first: VideoFrame) -> float:
    """Return where a film's own times begin when they count from somewhere else than its beginning, else 0.

    Streams of broadcasts, discs and cameras (MPEG-TS, MPEG-PS) always do. Other files may begin with a wait on purpose,
    before pictures or sound; but hardly one of minutes, nor before 0.
    """
    claimed = first.time
    if claimed is None:
        return 0.0
    anywhere = bool(container.format.flags & av.format.Flags.ts_discont.value)  # type: ignore[operator]
    begins = claimed if container.start_time is None else container.start_time / av.time_base
    return claimed if anywhere or claimed < 0 or min(begins, claimed) > WAIT_SECONDS else 0.0


def square_size(stream: VideoStream, width: int, height: int) -> tuple[int, int]:
    """Return size with square pixels.

    The shorter-sampled axis is stretched, to an even number, so that no detail is lost.
    """
    aspect = stream.sample_aspect_ratio
    if not aspect or not 1 / 8 <= aspect <= 8 or abs(float(aspect) - 1) <= _SQUARE_TOLERANCE:
        return width, height
    if aspect > 1:
        return 2 * round(width * aspect / 2), height
    return width, 2 * round(height / aspect / 2)


def display_transform(frame: VideoFrame) -> Transform:
    """Return the display matrix (a, b, c, d), each -1, 0 or 1.

    A picture's (x, y) is shown at (a x + c y, b x + d y).
    """
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return _UPRIGHT
    a, b, _, c, d = struct.unpack_from("=5i", memoryview(data))
    turned = abs(b) + abs(c) > abs(a) + abs(d)
    signs = (0, _sign(b), _sign(c), 0) if turned else (_sign(a), 0, 0, _sign(d))
    return signs if signs.count(0) == 2 else _UPRIGHT  # a matrix without rotation or scale means nothing


def turn(image: NDArray, transform: Transform) -> NDArray:
    """Return the picture (H, W, 3), or a plane (H, W), in display orientation."""
    a, b, c, d = transform
    if transform == _UPRIGHT:
        return image
    if b:  # x becomes y: transposed, then flipped where the sign is negative
        image = image.swapaxes(0, 1)
    horizontal, vertical = (c, b) if b else (a, d)
    return np.ascontiguousarray(image[::vertical, ::horizontal])


def rotation_degrees(transform: Transform) -> int:
    """Return how far the stored picture is turned clockwise for display: 0, 90, 180 or 270; 0 for a mirrored one."""
    return {(0, 1, -1, 0): 90, (-1, 0, 0, -1): 180, (0, -1, 1, 0): 270}.get(transform, 0)


def why(error: BaseException) -> str:
    """Return a short reason for a reader that gave up."""
    text = getattr(error, "strerror", None) or str(error)
    if isinstance(error, av.InvalidDataError):
        return "it is damaged, cut off or no video at all"
    return " ".join(text.split())[:200].lower()


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
