"""Subtitles of a source in a new film: copied where the container takes them, text of another kind written anew."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.subtitles.stream import SubtitleStream

log = logging.getLogger(__name__)

_IN_MATROSKA = ("subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle")
_TEXT = ("subrip", "ass", "webvtt", "mov_text")
_LONGEST_BYTES = 65_535  # of a text in QuickTime
_TAGS = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_ASS_FIELDS = 8  # before the text of an event
# What FFmpeg's encoders of text ask for; nothing of it gets into the film.
_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize, PrimaryColour, "
    b"SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
    b"BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\r\nStyle: Default,Arial,16,&Hffffff,"
    b"&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n\r\n[Events]\r\nFormat: Layer, Start, End, Style, "
    b"Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)


def carried_subtitles(source: InputContainer, suffix: str) -> list[SubtitleStream]:
    """Return the subtitle tracks that a film of this suffix takes along, as they are or as other text."""
    streams = [stream for stream in source.streams.subtitles if stream.codec_context is not None]
    if "mov" in source.format.name and source.chapters() and not source.streams.data:
        streams = streams[:-1]  # QuickTime keeps chapters in a text track
    known = {*_TEXT, *_IN_MATROSKA} if suffix == ".mkv" else {*_TEXT}
    return [stream for stream in streams if _kind(stream) in known]


class SubtitleTracks:
    """Feeds the subtitles of a whole film into its result as the pictures advance."""

    def __init__(
        self, source: InputContainer, output: OutputContainer, suffix: str, path: Path, origin_seconds: float
    ) -> None:
        """Take the source, the result, its suffix, the source's path and where its clock begins."""
        self._output, self._path, self._origin_seconds = output, path, origin_seconds
        streams = carried_subtitles(source, suffix)
        self._targets: dict[int, Any] = {}
        self._is_text = suffix == ".mkv"
        for stream in streams:
            kind = _kind(stream)
            copied = kind in _IN_MATROSKA if suffix == ".mkv" else kind == "mov_text"
            target: Any
            if copied:
                target = output.add_stream_from_template(stream)
            else:
                target = output.add_stream("subrip" if suffix == ".mkv" else "mov_text")
                target.codec_context.subtitle_header = _HEADER
            for key in ("language", "title"):
                if key in stream.metadata:
                    target.metadata[key] = stream.metadata[key]
            self._targets[stream.index] = (target, "" if copied else kind)
        self._packets: Iterator[av.Packet] = source.demux(*streams) if streams else iter(())
        self._next = self._following()

    def feed(self, until_seconds: float | None) -> None:
        """Write the subtitles that begin before `until_seconds`; None: all that are left."""
        while self._next is not None:
            packet, seconds = self._next
            if until_seconds is not None and seconds >= until_seconds:
                return
            if seconds >= 0:
                self._write(packet, seconds)
            self._next = self._following()

    def _write(self, packet: av.Packet, seconds: float) -> None:
        target, kind = self._targets[packet.stream.index]
        assert packet.time_base
        made = packet
        if kind:
            content = as_text(bytes(packet), kind)
            if not content:
                return
            encoded = content.encode() if self._is_text else _in_quicktime(content)
            made = av.Packet(encoded)
            made.time_base, made.duration = packet.time_base, packet.duration
        made.pts = made.dts = round(seconds / packet.time_base)
        made.stream = target
        self._output.mux(made)

    def _following(self) -> tuple[av.Packet, float] | None:
        try:
            packet = next((packet for packet in self._packets if packet.size and packet.pts is not None), None)
        except av.FFmpegError as error:
            log.warning("%s: the subtitles break off (%s)", self._path, error.strerror)
            return None
        if packet is None or packet.pts is None or packet.time_base is None:
            return None
        return packet, float(packet.pts * packet.time_base) - self._origin_seconds


def as_text(content: bytes, kind: str) -> str:
    """Return the plain text of a subtitle packet; styles are left out.

    Args:
        content: Of the packet.
        kind: FFmpeg's name of its codec.
    """
    if kind == "mov_text":
        content = content[2 : 2 + int.from_bytes(content[:2], "big")]
    text = content.decode("utf-8", errors="replace")
    if kind == "ass":
        text = text.split(",", _ASS_FIELDS)[-1].replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return _TAGS.sub("", text).strip()


def _in_quicktime(text: str) -> bytes:
    content = text.encode()[:_LONGEST_BYTES].decode(errors="ignore").encode()
    return len(content).to_bytes(2, "big") + content


def _kind(stream: SubtitleStream) -> str:
    name = stream.codec_context.name
    return {"srt": "subrip", "ssa": "ass", "pgssub": "hdmv_pgs_subtitle", "dvdsub": "dvd_subtitle"}.get(name, name)
