"""Writing of frames to a film with the source's timestamps, colour tags and sound, or to picture files."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import av
from av.video.frame import VideoFrame

from faceswap.core.values import Frame
from faceswap.media.dropped_content import carry_over, warn_of_gaps, warn_of_losses
from faceswap.media.picture_writing import ImageSequenceWriter, ImageWriter
from faceswap.media.pictures.sequence_names import PICTURE_SUFFIXES
from faceswap.media.sound.copying import SoundTracks
from faceswap.media.sound.plan import MUXERS, open_sound, plan_sound
from faceswap.media.sound.tracks import TrackPlan
from faceswap.media.sources import SourceInfo
from faceswap.media.targets import check_target, names_a_file
from faceswap.media.video.coding import FILM_SUFFIXES, Coding, encoder_for, with_decoding_times
from faceswap.media.video.pixels import rgb_to_frame
from faceswap.media.video.stamp import stamp_film
from faceswap.media.video.stored import stored_from_rgb, stored_to_frame
from faceswap.media.video.streams import open_film
from faceswap.media.video.subtitles import SubtitleTracks
from faceswap.provenance.fingerprint import marked
from faceswap.provenance.notice import NOTICE
from faceswap.provenance.signing import sign
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path

USUAL_CODING = Coding()
_FINEST_TIME_BASE = Fraction(1, 1_000_000)


class Writer(Protocol):
    """A context that takes frames in order; the result appears under its name when the block ends well.

    `stored_bits`: with how many bits it wants the frames' stored planes; 0: it takes their 8-bit pictures.
    """

    stored_bits: int

    def check(self) -> None:
        """Raise UserError when the result cannot be written; tells it before the first frame is made."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, frame: Frame) -> None:
        """Take the next frame."""
        ...


def writer_for(
    info: SourceInfo,
    path: str | Path,
    *,
    start: int = 0,
    stop: int | None = None,
    metadata: Mapping[str, str] | None = None,
    coding: Coding = USUAL_CODING,
    quality: int = 97,
    size: tuple[int, int] | None = None,
    pattern: str = "",
) -> Writer:
    """Return the writer for what `path` names.

    A film by its suffix, one picture, or (without a suffix) a folder of pictures.

    `coding` is a film's, `quality` that of JPEG and WebP; `size` (width, height) of a film's frames when it is not the
    source's. `pattern` names the pictures of a folder, as x_%06d.exr.

    Raises:
        UserError: The suffix does not suit the source, or the codec not the suffix.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in FILM_SUFFIXES:
        return VideoWriter(path, info, start=start, stop=stop, coding=coding, metadata=metadata, size=size)
    if info.is_still and suffix in PICTURE_SUFFIXES:
        return ImageWriter(path, info, quality=quality, bits=coding.bits, metadata=metadata)
    if pattern or not names_a_file(path):
        return ImageSequenceWriter(path, info, pattern=pattern, quality=quality, bits=coding.bits, metadata=metadata)
    films = ", ".join(FILM_SUFFIXES)
    accepted = f"{', '.join(PICTURE_SUFFIXES)} or {films}" if info.is_still else f"a folder or {films}"
    raise UserError(f"cannot write {info.path} as {path.name}; use {accepted}")


class VideoWriter:
    """Writes a film as .mp4, .m4v, .mov or .mkv, with the source's sound.

    Unless `coding` says otherwise pictures are H.264, 8-bit 4:2:0; 4:4:4 where a side is odd, since 4:2:0 cannot hold
    that size. Deeper ones are made of the planes of the frames (`stored_bits`) where they have them. Presentation times
    are the frames' own (variable rate and a late start too), in the source's time base; from `start` > 0 on they count
    from the first frame written. Range, matrix, primaries and transfer tags are the source's; one in RGB gets limited
    BT.709. Sound tracks are copied bit for bit, or become AAC where the container does not take them; with `start` or
    `stop` they are cut to the frames' span. Frames are upright, so no rotation tag is written.

    `metadata` goes into the container, `size` (width, height) replaces the source's. The film has a temporary name
    until the block ends without an error.
    """

    def __init__(
        self,
        path: str | Path,
        info: SourceInfo,
        *,
        start: int = 0,
        stop: int | None = None,
        coding: Coding = USUAL_CODING,
        metadata: Mapping[str, str] | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.path = Path(path)
        self.info = info
        self.frame_count = 0
        if self.path.suffix.lower() not in FILM_SUFFIXES:
            raise UserError(f"cannot write a film as {self.path.name}; use {', '.join(FILM_SUFFIXES)}")
        self._start, self._stop = start, stop
        self._is_whole = start == 0 and stop is None
        self._metadata = dict(metadata or {})
        self._size = size or (info.width, info.height)
        self._sound_plan: Sequence[TrackPlan] | None = None
        self._time_base = max(info.time_base, _FINEST_TIME_BASE)
        self._encoder = encoder_for(coding, info, self.path.suffix.lower(), self._size)
        self.stored_bits = self._encoder.bits if self._encoder.keeps_values else 0
        self._shift_seconds = 0.0
        self._is_flowing = False  # the encoder has given a packet
        self._last_ticks: int | None = None
        self._last_seconds = self._step_seconds = 0.0

    def check(self) -> None:
        """Raise UserError when the film cannot be written, before it is made; settles what becomes of the sound."""
        check_target(self.path, self.info)
        if self._sound_plan is None:
            warn_of_gaps(self.info)
            has_sound = self.info.kind == "video" and self.info.has_audio
            self._sound_plan = plan_sound(self.info.path, self.path.suffix.lower()) if has_sound else ()
            if self.info.kind == "video" and self._size == (self.info.width, self.info.height):
                keeps_light = self._encoder.codec == "hevc"
                warn_of_losses(
                    self.info,
                    self._encoder.bits,
                    self.path.suffix.lower(),
                    keeps_light=keeps_light,
                    is_whole=self._is_whole,
                )

    def __enter__(self) -> Self:
        self.check()
        with ExitStack() as stack:
            temp = stack.enter_context(atomic_path(self.path))
            stack.push(functools.partial(self._sign, temp))
            self._output = _open_output(temp, self._time_base)
            stack.push(self._close_output)
            self._video = self._encoder.stream(self._output, self.info.frames_per_second, self._size, self._time_base)
            self._sound: SoundTracks | None = None
            if self._sound_plan:
                source, _ = stack.enter_context(open_sound(self.info.path))
                self._sound = SoundTracks(
                    source,
                    self._output,
                    self._sound_plan,
                    self.path.suffix.lower(),
                    self.info.path,
                    self.info.start_seconds,
                )
            self._subtitles: SubtitleTracks | None = None
            if self.info.kind == "video" and self._is_whole:
                film = stack.enter_context(open_film(self.info.path))
                self._subtitles = SubtitleTracks(
                    film, self._output, self.path.suffix.lower(), self.info.path, self.info.start_seconds
                )
            if self.info.kind == "video":
                carry_over(self.info, self._output, self._video, is_whole=self._is_whole)
            self._output.metadata.update(marked(self._metadata))
            self._stack = stack.pop_all()
        return self

    def write(self, frame: Frame) -> None:
        """Encode the next frame, `size` pixels large.

        Raises:
            UserError: For another size or a full disk.
        """
        if (frame.width, frame.height) != self._size:
            raise UserError(
                f"cannot write {self.path}: frame {frame.index} is {frame.width} x {frame.height}, the film "
                f"{self._size[0]} x {self._size[1]}; pictures of different sizes go into a folder"
            )
        with mux_errors():
            if self._last_ticks is None:
                self._begin(frame.seconds)
            picture: Any = self._picture(frame)
            picture.time_base = self._time_base
            picture.pts = self._ticks(frame.seconds)
            packets = self._video.encode(picture)
            self._is_flowing = self._is_flowing or bool(packets)
            self._output.mux(packets)
            self._passed(frame.seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._finish()

    def _begin(self, seconds: float) -> None:
        self._shift_seconds = seconds if self._start > 0 else 0.0
        self._step_seconds = float(1 / self.info.frames_per_second)
        if self._sound:
            self._sound.begin(seconds if self._start > 0 else None, self._shift_seconds)

    def _passed(self, seconds: float) -> None:
        """Count a frame, and let the sound and subtitles before it follow."""
        if self._sound:
            self._sound.feed(seconds)
        if self._subtitles:
            self._subtitles.feed(seconds)
        if self.frame_count:
            self._step_seconds = seconds - self._last_seconds
        self._last_seconds = seconds
        self.frame_count += 1

    def _finish(self) -> None:
        if self.frame_count == 0:
            raise UserError(f"cannot write {self.path}: {self.info.path} gave no frame")
        with mux_errors():
            packets = self._video.encode(None)
            self._output.mux(packets if self._is_flowing else with_decoding_times(packets))
            if self._subtitles:
                self._subtitles.feed(None)
            if self._sound:
                self._sound.feed(None if self._stop is None else self._last_seconds + self._step_seconds)
                self._sound.finish()

    def _close_output(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with mux_errors():
                self._output.close()
            return
        with suppress(av.FFmpegError, OSError):  # the first error is the one to tell
            self._output.close()

    def _sign(self, temp: Path, kind: type[BaseException] | None, *_: object) -> None:
        """Say in the finished file what its pictures are, and sign it."""
        if kind is None and NOTICE in self._metadata:
            stamp_film(temp)
            sign(temp, self.path, self._metadata, (self.info.path,) if self.info.kind == "video" else ())

    def _ticks(self, seconds: float) -> int:
        ticks = round((seconds - self._shift_seconds) / self._time_base)
        if self._last_ticks is not None:  # two frames on one tick of a coarse clock
            ticks = max(ticks, self._last_ticks + 1)
        self._last_ticks = ticks
        return ticks

    def _picture(self, frame: Frame) -> VideoFrame:
        encoder = self._encoder
        if not encoder.keeps_values:
            return rgb_to_frame(frame.image, encoder.tags)
        return stored_to_frame(frame.stored or stored_from_rgb(frame.image), encoder.tags, encoder.pixel_format)


def _open_output(temp: Path, time_base: Fraction) -> Any:
    muxer = MUXERS[temp.suffix.lower()]
    # use_metadata_tags keeps keys that MP4 has no field for; faststart lets a player begin before the end is loaded; a
    # late start is told in units of the movie's time scale, else rounded to 1 ms.
    tags = {"movflags": "faststart+use_metadata_tags", "movie_timescale": str(time_base.denominator)}
    # A checksum of Matroska's metadata would no longer fit when the film's fingerprint is filled in (stamp.py).
    options = {"write_crc32": "0"} if muxer == "matroska" else tags
    with mux_errors():
        return av.open(f"file:{os.path.abspath(temp)}", "w", format=muxer, container_options=options)


@contextmanager
def mux_errors() -> Iterator[None]:
    """Turn FFmpeg's errors with a system error number (disk full ...) into OSError."""
    try:
        yield
    except av.FFmpegError as error:
        if error.errno is not None and 0 < error.errno < 200:
            raise OSError(error.errno, os.strerror(error.errno)) from error
        raise
