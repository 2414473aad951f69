"""Packets to pictures, past damage: what cannot be decoded is counted and left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from faceswap.media.streams import why
from faceswap.utils.errors import UserError


@dataclass
class Damage:
    """What went wrong while decoding: the number of refused packets, and whether reading broke off early."""

    packets: int = 0
    broken_off: str = ""

    def describe(self) -> str:
        """One clause for a log line, empty when nothing was wrong."""
        parts = [f"{self.packets} damaged packets left out"] if self.packets else []
        parts += [f"reading broke off ({self.broken_off})"] if self.broken_off else []
        return ", ".join(parts)


def decode_pictures(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[VideoFrame]:
    """Every picture the decoder gives, in presentation order; goes on after damaged packets and notes them."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError as error:
            damage.broken_off = why(error)
            yield from _decoded(stream, None, damage)
            return
        # A packet without data, at the end, drains what the decoder holds back.
        yield from _decoded(stream, packet, damage)


def first_frame(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    """The first picture. Raises UserError when nothing can be decoded."""
    damage = Damage()
    for frame in decode_pictures(container, stream, damage):
        return frame
    raise nothing_decoded(path, damage)


def nothing_decoded(path: Path, damage: Damage) -> UserError:
    """The error for a film without a single picture."""
    return UserError(f"cannot read {path} as a video: no frame can be decoded ({damage.describe() or 'it holds none'})")


def _decoded(stream: VideoStream, packet: av.Packet | None, damage: Damage) -> list[VideoFrame]:
    try:
        return stream.decode(packet)
    except av.EOFError:
        return []
    except av.FFmpegError:
        damage.packets += 1
        return []
