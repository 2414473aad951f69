"""The plan for each sound track of a source, decided and tried out before the first frame is written."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from faceswap.media.sound.channels import Channels, native_channels
from faceswap.media.sound.tracks import EncodedTrack, TrackPlan, track_for
from faceswap.media.video.streams import open_film

log = logging.getLogger(__name__)

MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}

# What players understand in these containers, by the names of the codecs (not of FFmpeg's decoders).
_MP4_CODECS = {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac"}
_COPIED = {".mp4": _MP4_CODECS, ".m4v": _MP4_CODECS, ".mov": {"aac", "mp3", "ac3", "eac3", "alac"}}
_AAC_RATES = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}
_MIXES = (("7.1", 8), ("5.1", 6), ("stereo", 2), ("mono", 1))  # what a layout that AAC cannot hold becomes

# AAC has one place for loudspeakers at the sides and at the back where there are no others.
_BACK = {"quad(side)": "quad", "5.0(side)": "5.0", "5.1(side)": "5.1"}

# How much of a film is read at its opening to learn what a track is that begins late.
_LONG_LOOK = {"probesize": "100000000", "analyzeduration": "60000000"}
_TRIED_PACKETS = 4
_TRIED_SECONDS = 10.0  # a track whose header tells all is not waited for any longer
_REFUSED = (av.FFmpegError, ValueError)


@contextmanager
def open_sound(path: Path) -> Iterator[tuple[InputContainer, dict[int, Channels]]]:
    """Open a film for its sound; gives the channels of its tracks by stream index. Late tracks are searched for longer.

    Nobody may ask one of its streams for a layout: `native_channels` has done it, and only once is safe.
    """
    with open_film(path) as container:
        channels = _channels_of(container)
        if all(_is_known(stream, channels) for stream in container.streams.audio):
            yield container, channels
            return
    with open_film(path, _LONG_LOOK) as container:
        yield container, _channels_of(container)


def plan_sound(path: Path, suffix: str) -> tuple[TrackPlan, ...]:
    """Look at all sound of a film and try what it can become in a `suffix` file; says what is not copied.

    The plan of an unchanged file is kept: a film and its side-by-side need it once, and say once what they lose.
    """
    status = path.stat()
    return _plans(path, suffix, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _plans(path: Path, suffix: str, size: int, changed: int) -> tuple[TrackPlan, ...]:
    plans: list[TrackPlan] = []
    with open_sound(path) as (source, channels):
        first = _first_packets(source, channels)
        for number, stream in enumerate(source.streams.audio, 1):
            name = f"{path}: sound track {number}"
            packets = first.get(stream.index, [])
            if stream.codec_context is None:
                log.warning("%s is left out: there is no decoder for it", name)
            elif not packets and not _is_known(stream, channels):
                log.info("%s is empty and is left out", name)
            else:
                plan = _plan(stream, suffix, channels[stream.index], packets, name)
                plans += [plan] if plan else []
    return tuple(plans)


def _plan(
    stream: AudioStream, suffix: str, channels: Channels, packets: list[av.Packet], name: str
) -> TrackPlan | None:
    """Return the best that works for a track; None, and a warning, when nothing does."""
    codec = _codec_name(stream)
    copy = TrackPlan(stream.index, channels)
    is_taken = suffix not in _COPIED or codec in _COPIED[suffix] or (suffix == ".mov" and codec.startswith("pcm_"))
    frames = _decoded(stream, packets)
    is_told = bool(stream.codec_context.sample_rate and channels.count)
    # Without its first packet too: a part of a film begins in the middle, where a codec may no longer say what it is.
    if is_taken and is_told and all(_works(stream, copy, suffix, part, []) for part in (packets, packets[1:])):
        return copy
    if not frames:
        log.warning("%s is left out: nothing of its %s can be decoded", name, codec)
        return None
    layout, count, rate = frames[0].layout.name, frames[0].layout.nb_channels, frames[0].sample_rate
    wanted = replace(copy, is_copied=False, rate=rate if rate in _AAC_RATES else 48000)
    for made in (
        _BACK.get(layout, layout),
        layout,
        *(mix for mix, channels_of_mix in _MIXES if channels_of_mix <= count),
    ):
        plan = replace(wanted, layout=made)
        if _works(stream, plan, suffix, [], frames):
            log.info("%s: %s cannot be copied into %s and becomes AAC", name, codec, suffix)
            if made not in (layout, _BACK.get(layout)):
                log.warning(
                    "%s: its channels, %s, are mixed to %s: AAC has no other place for them", name, layout, made
                )
            return plan
    log.warning("%s is left out: its %s can neither be copied into %s nor become AAC", name, codec, suffix)
    return None


def _works(
    stream: AudioStream, plan: TrackPlan, suffix: str, packets: list[av.Packet], frames: list[AudioFrame]
) -> bool:
    """Try a plan with the first packets or frames, in memory: it is written, and each channel keeps its place."""
    memory = io.BytesIO()
    try:
        with av.open(memory, "w", format=MUXERS[suffix]) as output:
            track = track_for(stream, output, plan)
            for packet in packets:
                output.mux(track.packets(_copied(packet), max(0.0, _seconds(packet))))
            if isinstance(track, EncodedTrack):
                output.mux(track.encoded(frames))
            output.mux(track.flush())
        memory.seek(0)
        with av.open(memory, "r") as written:
            found = _channels_of(written).get(0)
    except _REFUSED as error:
        log.debug("%s: %s", plan, error)
        return False
    if not found or not found.count:
        return True  # so few packets tell nothing
    if plan.is_copied:
        return (found.layout, found.order) == (plan.channels.layout, plan.channels.order)
    return found.is_told and found.layout == plan.layout


def _channels_of(container: InputContainer) -> dict[int, Channels]:
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return {stream.index: native_channels(stream.codec_context) for stream in streams}


def _is_known(stream: AudioStream, channels: dict[int, Channels]) -> bool:
    """Return whether the header tells what the track is."""
    if stream.codec_context is None:
        return True  # and never will be more
    return bool(stream.codec_context.sample_rate and channels[stream.index].count)


def _first_packets(source: InputContainer, channels: dict[int, Channels]) -> dict[int, list[av.Packet]]:
    """Return the first packets of each track that can be decoded.

    All of the film is read for a track that tells nothing.
    """
    streams = [stream for stream in source.streams.audio if stream.index in channels]
    first: dict[int, list[av.Packet]] = {stream.index: [] for stream in streams}
    begun: float | None = None
    if not streams:
        return first
    with suppress(av.FFmpegError):  # a damaged end; what is there is enough
        for packet in source.demux(*streams):
            packets = first[packet.stream.index]
            if packet.size and len(packets) < _TRIED_PACKETS:
                packets.append(packet)
            seconds = _seconds(packet)
            begun = seconds if begun is None else begun
            late = seconds - begun > _TRIED_SECONDS
            if all(len(first[s.index]) == _TRIED_PACKETS or (late and _is_known(s, channels)) for s in streams):
                break
    return first


def _decoded(stream: AudioStream, packets: list[av.Packet]) -> list[AudioFrame]:
    frames: list[Any] = []
    for packet in packets:
        with suppress(av.FFmpegError):
            frames += packet.decode()
    return frames


def _copied(packet: av.Packet) -> av.Packet:
    """Return a packet of its own: writing one hands it over to the output."""
    copy = av.Packet(bytes(packet))
    copy.time_base, copy.duration = packet.time_base, packet.duration
    copy.pts, copy.dts, copy.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
    return copy


def _seconds(packet: av.Packet) -> float:
    ticks = packet.pts if packet.pts is not None else packet.dts
    return float(ticks * packet.time_base) if ticks is not None and packet.time_base else 0.0


def _codec_name(stream: AudioStream) -> Any:
    return stream.codec_context.codec.canonical_name
