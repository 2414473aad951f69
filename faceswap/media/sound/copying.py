"""The sound of a source in a new film: all tracks, copied packet by packet where the container allows it."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from faceswap.media.sound.tracks import TrackPlan, track_for
from faceswap.media.video.timeline import Timeline

log = logging.getLogger(__name__)

_SEEK_EARLIER_SECONDS = 2.0
_STEP_SECONDS = 0.02  # how long a packet lasts that does not tell


class SoundTracks:
    """Feeds the planned sound of `source` into `output` as the pictures advance, so that nothing piles up in memory.

    `suffix` is the output's. Times are those of the frames: the source's, counted from `origin_seconds`, until `begin`
    moves them.
    """

    def __init__(
        self,
        source: InputContainer,
        output: OutputContainer,
        plans: Sequence[TrackPlan],
        suffix: str,
        path: Path,
        origin_seconds: float = 0.0,
    ) -> None:
        self._source = source
        self._output = output
        self._path = path
        self._suffix = suffix
        self._origin_seconds = origin_seconds
        streams = {stream.index: stream for stream in source.streams.audio}
        self._streams = [streams[plan.index] for plan in plans]
        self._tracks = {plan.index: track_for(streams[plan.index], output, plan) for plan in plans}
        for stream in self._streams:
            for key in ("language", "title"):
                if key in stream.metadata:
                    self._tracks[stream.index].target.metadata[key] = stream.metadata[key]
        self._timelines: dict[int, Timeline] = {}
        self._steps: dict[int, float] = {}
        self._written: dict[int, float] = {}
        self._packets: Iterator[av.Packet] = iter(())
        self._next: tuple[av.Packet, float] | None = None
        self._from_seconds: float | None = None
        self._shift_seconds = 0.0
        self._left_out = 0

    def begin(self, from_seconds: float | None, shift_seconds: float) -> None:
        """Start reading: only packets from `from_seconds` on (None: all), each moved earlier by `shift_seconds`."""
        self._from_seconds = from_seconds
        self._shift_seconds = shift_seconds
        if not self._tracks:
            return
        near = None
        if from_seconds is not None and from_seconds > _SEEK_EARLIER_SECONDS:
            seconds = from_seconds + self._origin_seconds - _SEEK_EARLIER_SECONDS
            with suppress(av.FFmpegError):  # a file without an index is read from its beginning
                self._source.seek(int(seconds * av.time_base))
                near = from_seconds
        self._timelines = {index: Timeline(self._origin_seconds, near) for index in self._tracks}
        self._packets = self._source.demux(*self._streams)
        self._advance_one()

    def feed(self, until_seconds: float | None) -> None:
        """Write the sound before `until_seconds` of the frames' time; None: all that is left."""
        while self._next is not None:
            packet, seconds = self._next
            if until_seconds is not None and seconds >= until_seconds:
                return
            if self._is_wanted(seconds):
                self._write(packet, seconds - self._shift_seconds)
            self._advance_one()

    def finish(self) -> None:
        """Write what the encoders still hold."""
        for track in self._tracks.values():
            self._output.mux(track.flush())
        if self._left_out:
            log.warning("%s: %d damaged packets of the sound are left out", self._path, self._left_out)

    def _write(self, packet: av.Packet, seconds: float) -> None:
        index = packet.stream.index
        if seconds <= self._written.get(index, -float("inf")):  # no container takes times that do not grow
            self._left_out += 1
            return
        try:
            self._output.mux(self._tracks[index].packets(packet, seconds))
        except av.FFmpegError as error:
            if error.errno != errno.EINVAL and 0 < (error.errno or 0) < 200:
                raise  # a full disk, not a packet that the container refuses
            self._left_out += 1
            return
        self._written[index] = seconds

    def _is_wanted(self, seconds: float) -> bool:
        if self._from_seconds is not None:
            return seconds >= self._from_seconds
        # Matroska has no times below zero and would move the whole film; what lies there is the codec's run-in.
        return self._suffix != ".mkv" or seconds - self._shift_seconds >= 0

    def _advance_one(self) -> None:
        self._next = None
        try:
            packet = next((packet for packet in self._packets if packet.size), None)
        except av.FFmpegError as error:
            log.warning("%s: the sound breaks off (%s)", self._path, error.strerror)
            return
        if packet is not None:
            self._next = packet, self._time_of(packet)

    def _time_of(self, packet: av.Packet) -> float:
        """Return the time of a packet in seconds; right after the one before it when it has none."""
        index = packet.stream.index
        timeline, step = self._timelines[index], self._steps.get(index, 0.0)
        ticks = packet.pts if packet.pts is not None else packet.dts
        lasts = (packet.duration or 0) * (packet.time_base or 0)
        self._steps[index] = float(lasts) or _STEP_SECONDS
        claimed = None if ticks is None or packet.time_base is None else float(ticks * packet.time_base)
        return timeline.seconds(claimed, step)
