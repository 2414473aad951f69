"""Output sound tracks: copied packet by packet, or decoded and encoded as AAC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph

from faceswap.media.sound.channels import Channels

_AAC_BITS_PER_SECOND_A_CHANNEL = 96_000


@dataclass(frozen=True)
class TrackPlan:
    """What becomes of the source's stream `index`: it is copied, or becomes AAC of `rate` and `layout`."""

    index: int
    channels: Channels
    is_copied: bool = True
    rate: int = 0
    layout: str = ""


class CopiedTrack:
    """A track whose packets stay as they are. Raises FFmpegError or ValueError where the container refuses it."""

    def __init__(self, stream: AudioStream, output: OutputContainer, plan: TrackPlan) -> None:
        self.target: Any = output.add_stream_from_template(stream)

    def packets(self, packet: av.Packet, seconds: float) -> list[av.Packet]:
        """Return what becomes of the next packet, which is heard at `seconds`."""
        assert packet.time_base
        packet.pts = packet.dts = round(seconds / packet.time_base)
        packet.stream = self.target
        return [packet]

    def flush(self) -> list[av.Packet]:
        """Return what is left at the end."""
        return []


class EncodedTrack:
    """A track decoded and written as AAC; its layout and rate may change on the way."""

    def __init__(self, stream: AudioStream, output: OutputContainer, plan: TrackPlan) -> None:
        target: Any = output.add_stream("aac", rate=plan.rate)
        target.layout = plan.layout
        target.bit_rate = _AAC_BITS_PER_SECOND_A_CHANNEL * target.layout.nb_channels
        self.target = target
        self._plan = plan
        self._graph: Graph | None = None
        self._graph_takes: tuple[object, ...] = ()

    def packets(self, packet: av.Packet, seconds: float) -> list[av.Packet]:
        """Return what becomes of the next packet, which is heard at `seconds`."""
        try:
            frames: list[Any] = list(packet.decode())
        except av.FFmpegError:
            return []  # a damaged packet: the times of the next ones keep the sound in place
        claimed = packet.pts if packet.pts is not None else packet.dts
        for frame in frames:
            if frame.pts is not None and frame.time_base and claimed is not None and packet.time_base:
                late = frame.pts * frame.time_base - claimed * packet.time_base
                frame.pts = round((seconds + late) / frame.time_base)
        return self.encoded(frames)

    def encoded(self, frames: Iterable[AudioFrame]) -> list[av.Packet]:
        """Return the packets that these frames complete."""
        made: list[av.Packet] = []
        for frame in frames:
            takes = (frame.format.name, frame.layout.name, frame.sample_rate)
            if takes != self._graph_takes:
                made += self._drained()
                self._graph, self._graph_takes = self._new_graph(frame), takes
            assert self._graph is not None
            self._graph.push(frame)
            for fitted in _pulled(self._graph):
                made += self.target.encode(fitted)
        return made

    def flush(self) -> list[av.Packet]:
        """Return what is left at the end."""
        return [*self._drained(), *self.target.encode(None)]

    def _drained(self) -> list[av.Packet]:
        """Return what the conversion still holds, as packets."""
        if self._graph is None:
            return []
        self._graph.push(None)
        made = [packet for frame in _pulled(self._graph) for packet in self.target.encode(frame)]
        self._graph = None
        return made

    def _new_graph(self, frame: AudioFrame) -> Graph:
        """Return the filter graph from this frame's samples to the encoder's: channels reordered, mixed, resampled."""
        graph = Graph()
        assert frame.time_base
        steps = [
            graph.add(
                "abuffer",
                sample_rate=str(frame.sample_rate),
                sample_fmt=frame.format.name,
                channel_layout=frame.layout.name,
                time_base=str(frame.time_base),
            )
        ]
        order = self._plan.channels.order
        if order and frame.layout.nb_channels == len(order):
            steps.append(graph.add("channelmap", map="|".join(map(str, order)), channel_layout=frame.layout.name))
        steps.append(
            graph.add(
                "aformat",
                sample_rates=str(self.target.rate),
                sample_fmts=self.target.format.name,
                channel_layouts=self._plan.layout,
            )
        )
        steps.append(graph.add("abuffersink"))
        for first, second in pairwise(steps):
            first.link_to(second)
        graph.configure()
        return graph


def _pulled(graph: Graph) -> Iterable[Any]:
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return


def track_for(stream: AudioStream, output: OutputContainer, plan: TrackPlan) -> CopiedTrack | EncodedTrack:
    """Return the output's track, as planned. Raises FFmpegError or ValueError where the container or AAC refuses it."""
    kind = CopiedTrack if plan.is_copied else EncodedTrack
    return kind(stream, output, plan)
