"""Parts of a result: frames in files of their own, put together later as if they had been written at once.

A part of a film is its encoded pictures alone; sound, times and tags come when the parts are joined. It is NUT, which
keeps packets as they were encoded, or QuickTime for codecs that NUT has no name for. A part of a folder of pictures is
a folder. Layers have parts of their own beside the film's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import av

from faceswap.core.values import Frame
from faceswap.media.layers import FILM, LayeredWriter
from faceswap.media.picture_writing import ImageSequenceWriter
from faceswap.media.video.streams import open_film, picture_stream
from faceswap.media.writing import VideoWriter, Writer, mux_errors
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import atomic_path, writing_errors
from faceswap.utils.files.checksums import sha256_of
from faceswap.utils.files.links import move, remove

_IN_QUICKTIME = ("prores_ks", "dnxhd")


@dataclass(frozen=True)
class Part:
    """A part that is whole.

    Attributes:
        path: Where it lies.
        sha256: Of its content.
        seconds: When each frame of a film is shown, in order.
        order: Which of these frames each encoded picture is, in the order they lie in.
        layers: The same part of each layer beside the film, by name.
    """

    path: Path
    sha256: str
    seconds: Sequence[float] = ()
    order: Sequence[int] = ()
    layers: Mapping[str, Part] = field(default_factory=dict)

    def is_sound(self) -> bool:
        """Return whether the part still is what was written."""
        try:
            is_sound = _checksum(self.path) == self.sha256
        except OSError:
            return False
        return is_sound and all(layer.is_sound() for layer in self.layers.values())


class PartWriter(Writer, Protocol):
    """A writer whose `part` tells what was written when the block has ended well."""

    part: Part


def part_of(whole: Writer, path: Path, threads: int) -> PartWriter:
    """Return what writes a part of a result.

    Args:
        whole: What would write all of it, not yet entered.
        path: Where the part goes; its name has no suffix.
        threads: That encode. Pictures depend on their number: it is the same for all parts.
    """
    if isinstance(whole, LayeredWriter):
        return LayersPart(whole, path, threads)
    if isinstance(whole, VideoWriter):
        return FilmPart(whole, path, threads)
    assert isinstance(whole, ImageSequenceWriter)
    return PicturesPart(whole, path)


def join(whole: Writer, parts: Sequence[Part], threads: int) -> None:
    """Write a result from its parts; `threads` as they were encoded with. Raises UserError."""
    if isinstance(whole, LayeredWriter):
        for name, writer in reversed(whole.writers.items()):  # the film appears last, when all is there
            join(writer, [part if name == FILM else part.layers[name] for part in parts], threads)
        return
    if isinstance(whole, VideoWriter):
        with _JoinedFilm(whole, threads) as film:
            film.add(parts)
        return
    assert isinstance(whole, ImageSequenceWriter)
    with whole:
        whole.take([part.path for part in parts])


class FilmPart(VideoWriter):
    """Encodes frames as `film` would, and writes no more than that."""

    part: Part

    def __init__(self, film: VideoWriter, path: Path, threads: int) -> None:
        vars(self).update(_settings(film, threads))
        self._encoder = replace(self._encoder, tag="")
        self._format = "mov" if self._encoder.name in _IN_QUICKTIME else "nut"
        self._part_path = path.with_name(f"{path.name}.{self._format}")
        self._seconds: list[float] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temp = stack.enter_context(atomic_path(self._part_path))
            with mux_errors():
                self._output = av.open(f"file:{os.path.abspath(temp)}", "w", format=self._format)
            stack.push(self._close_output)
            self._video = self._encoder.stream(self._output, self.info.frames_per_second, self._size, self._time_base)
            self._sound = self._subtitles = None
            self._stack = stack.pop_all()
        return self

    def write(self, frame: Frame) -> None:
        """Encode the next frame."""
        super().write(frame)
        self._seconds.append(frame.seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            path = self._part_path
            self.part = Part(path, _checksum(path), tuple(self._seconds), _order(path, len(self._seconds)))


class _JoinedFilm(VideoWriter):
    """Writes a film from pictures that are encoded already; they are those of `film`."""

    def __init__(self, film: VideoWriter, threads: int) -> None:
        vars(self).update(_settings(film, threads))

    def add(self, parts: Sequence[Part]) -> None:
        """Write all parts, in order."""
        # An encoder gives pictures in the order of decoding, each so many places late at most: decoding times follow.
        late = max((place - shown for part in parts for place, shown in enumerate(part.order)), default=0)
        ticks: list[int] = []
        for part in parts:
            if self.frame_count == 0 and part.seconds:
                self._begin(part.seconds[0])
                with mux_errors():
                    self._output.start_encoding()
            before = len(ticks)
            ticks += map(self._ticks, part.seconds)
            for place, packet in enumerate(self._packets(part)):
                packet.pts = ticks[before + part.order[place]]
                packet.dts = _decoding_time(ticks, before + place, late)
                packet.duration = 0  # which readers guess
                packet.time_base, packet.stream = self._time_base, self._video
                with mux_errors():
                    self._output.mux(packet)
                    self._passed(part.seconds[place])

    def _packets(self, part: Part) -> Iterator[Any]:
        with open_film(part.path) as source:
            stream = picture_stream(source, part.path)
            extradata = stream.codec_context.extradata
            # QuickTime adds lines of its own; what it holds here needs none.
            if part.path.suffix != ".mov" and extradata != self._video.codec_context.extradata:
                raise UserError(f"{part.path} was encoded otherwise than the others: delete {part.path.parent}")
            found = (packet for packet in source.demux(stream) if packet.size)
            yield from (packet for packet, _ in zip(found, part.order, strict=True))


class PicturesPart(ImageSequenceWriter):
    """Writes pictures as `pictures` would into a folder of their own."""

    part: Part

    def __init__(self, pictures: ImageSequenceWriter, path: Path) -> None:
        vars(self).update(vars(pictures))
        self._pictures = pictures
        self._part_path = path
        self._temp = path.with_name(f"{path.name}.unfinished")

    def check(self) -> None:
        """There is nothing to be checked but what the whole result was."""

    def save(self, path: Path, frame: Frame) -> None:
        """Write what `pictures` writes of a frame."""
        self._pictures.save(path, frame)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with writing_errors(self._part_path):
                    remove(self._part_path)
                    move(self._temp, self._part_path)
                self.part = Part(self._part_path, _checksum(self._part_path))
        finally:
            remove(self._temp)


class LayersPart(LayeredWriter):
    """Writes the part of a film, and beside it those of its layers."""

    part: Part

    def __init__(self, whole: LayeredWriter, path: Path, threads: int) -> None:
        self.stored_bits = whole.stored_bits
        self._parts = {
            name: part_of(writer, path if name == FILM else path.with_name(f"{path.name}_{name}"), threads)
            for name, writer in whole.writers.items()
        }
        self.writers = {**self._parts}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            layers = {name: writer.part for name, writer in self._parts.items()}
            self.part = replace(layers.pop(FILM), layers=layers)


def _settings(film: VideoWriter, threads: int) -> Mapping[str, Any]:
    encoder = film._encoder
    if "threads" in encoder.options:
        encoder = replace(encoder, options={**encoder.options, "threads": str(threads)})
    return {**vars(film), "_encoder": encoder}


def _order(path: Path, count: int) -> tuple[int, ...]:
    """Return which frame each picture of a file is, counted by when they are shown."""
    with open_film(path) as film:
        shown = [packet.pts for packet in film.demux(picture_stream(film, path)) if packet.size]
    places = {pts: place for place, pts in enumerate(sorted(pts for pts in shown if pts is not None))}
    if not len(places) == len(shown) == count:
        raise RuntimeError(f"{path}: {len(shown)} encoded pictures, {len(places)} times for {count} frames")
    return tuple(places[pts] for pts in shown if pts is not None)


def _decoding_time(ticks: Sequence[int], place: int, late: int) -> int:
    """Return when a picture is decoded: when the one `late` places before it is shown; x264 counts so too."""
    if place >= late:
        return ticks[place - late]
    return ticks[min(place, len(ticks) - 1)] - (ticks[min(late, len(ticks) - 1)] - ticks[0])


def _checksum(path: Path) -> str:
    if not path.is_dir():
        return sha256_of(path)
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()):
        digest.update(f"{file.name}\0{sha256_of(file)}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()
