"""The sound of a source beside new pictures: all tracks, copied packet by packet where the container allows it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

log = logging.getLogger(__name__)

# What players understand in these containers; anything else becomes AAC.
_MP4_CODECS = {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac"}
_COPIED = {".mp4": _MP4_CODECS, ".m4v": _MP4_CODECS, ".mov": {"aac", "mp3", "ac3", "eac3", "alac"}}
_AAC_RATES = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}
_AAC_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_AAC_BITS_PER_SECOND = 192_000
_SEEK_EARLIER_SECONDS = 2.0


class SoundTracks:
    """Feeds the sound of `source` into `output` as the pictures advance, so that nothing piles up in memory.

    `suffix` is the output's: it decides what can be copied. Times are the source's until `begin` moves them.
    """

    def __init__(self, source: InputContainer, output: OutputContainer, suffix: str, path: Path) -> None:
        self._source = source
        self._output = output
        self._path = path
        self._suffix = suffix
        self._tracks: dict[int, _Track] = {}
        for stream in source.streams.audio:
            track = _track(stream, output, suffix, path)
            if track:
                self._tracks[stream.index] = track
        self._packets: Iterator[av.Packet] = iter(())
        self._next: av.Packet | None = None
        self._from_seconds: float | None = None
        self._shift_seconds = 0.0

    def begin(self, from_seconds: float | None, shift_seconds: float) -> None:
        """Starts reading: only packets from `from_seconds` on (None: all), each moved earlier by `shift_seconds`."""
        self._from_seconds = from_seconds
        self._shift_seconds = shift_seconds
        if not self._tracks:
            return
        streams = [track.stream for track in self._tracks.values()]
        if from_seconds is not None and from_seconds > _SEEK_EARLIER_SECONDS:
            with suppress(av.FFmpegError):  # a file without an index is read from its beginning
                self._source.seek(int((from_seconds - _SEEK_EARLIER_SECONDS) * av.time_base))
        self._packets = self._source.demux(*streams)
        self._advance_one()

    def feed(self, until_seconds: float | None) -> None:
        """Writes the sound before `until_seconds` of the source's time; None: all that is left."""
        while self._next is not None:
            packet = self._next
            seconds = _seconds(packet)
            if until_seconds is not None and seconds is not None and seconds >= until_seconds:
                return
            if seconds is not None and self._is_wanted(packet, seconds):
                self._output.mux(self._tracks[packet.stream.index].packets(packet, self._shift_seconds))
            self._advance_one()

    def finish(self) -> None:
        """Writes what the encoders still hold."""
        for track in self._tracks.values():
            self._output.mux(track.flush())

    def _is_wanted(self, packet: av.Packet, seconds: float) -> bool:
        if self._from_seconds is not None:
            return seconds >= self._from_seconds
        # Matroska has no times below zero and would move the whole film; what lies there is the codec's run-in.
        return self._suffix != ".mkv" or seconds - self._shift_seconds >= 0

    def _advance_one(self) -> None:
        try:
            self._next = next((packet for packet in self._packets if packet.size), None)
        except av.FFmpegError as error:
            log.warning("%s: the sound breaks off (%s)", self._path, error.strerror)
            self._next = None


class _Track:
    """A track copied as it is."""

    def __init__(self, stream: AudioStream, target: Any) -> None:
        self.stream = stream
        self._target = target

    def packets(self, packet: av.Packet, shift_seconds: float) -> list[av.Packet]:
        if shift_seconds and packet.time_base:
            ticks = round(shift_seconds / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - ticks
            packet.dts = None if packet.dts is None else packet.dts - ticks
        packet.stream = self._target
        return [packet]

    def flush(self) -> list[av.Packet]:
        return []


class _EncodedTrack(_Track):
    """A track decoded and written as AAC."""

    def packets(self, packet: av.Packet, shift_seconds: float) -> list[av.Packet]:
        made: list[av.Packet] = []
        try:
            frames: list[Any] = list(packet.decode())
        except av.FFmpegError:
            return made  # a damaged packet: the times of the next ones keep the sound in place
        for frame in frames:
            if shift_seconds and frame.pts is not None and frame.time_base:
                frame.pts -= round(shift_seconds / frame.time_base)
            made += self._target.encode(frame)
        return made

    def flush(self) -> list[av.Packet]:
        return list(self._target.encode(None))


def _track(stream: AudioStream, output: OutputContainer, suffix: str, path: Path) -> _Track | None:
    codec = stream.codec_context
    if codec is None:
        log.warning("%s: sound track %d has no decoder and is left out", path, stream.index)
        return None
    target: Any
    if suffix not in _COPIED or codec.name in _COPIED[suffix] or _is_plain_pcm(codec.name, suffix):
        target = output.add_stream_from_template(stream)
        track = _Track(stream, target)
    else:
        rate = codec.sample_rate if codec.sample_rate in _AAC_RATES else 48000
        target = output.add_stream("aac", rate=rate)
        target.bit_rate = _AAC_BITS_PER_SECOND
        target.layout = _AAC_LAYOUTS.get(codec.layout.nb_channels, "stereo")
        log.info("%s: sound in %s cannot be copied into %s and becomes AAC", path, codec.name, suffix)
        track = _EncodedTrack(stream, target)
    for key in ("language", "title"):
        if key in stream.metadata:
            target.metadata[key] = stream.metadata[key]
    return track


def _is_plain_pcm(codec: str, suffix: str) -> bool:
    return suffix == ".mov" and codec.startswith("pcm_")


def _seconds(packet: av.Packet) -> float | None:
    ticks = packet.pts if packet.pts is not None else packet.dts
    return None if ticks is None or packet.time_base is None else float(ticks * packet.time_base)
