"""Decoding of packets to pictures; what cannot be decoded is counted and skipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from faceswap.media.video.streams import why
from faceswap.utils.errors import UserError

_SHORT_BY_SECONDS = 1.0


@dataclass
class Damage:
    """What went wrong while decoding: refused packets, impossible times, and whether reading broke off early.

    `read` counts all packets, those that a film's edit list hides too.
    """

    packets: int = 0
    broken_off: str = ""
    jumps: int = 0
    read: int = 0

    def describe(self) -> str:
        """Return one clause for a log line, empty when nothing was wrong."""
        parts = [f"{self.packets} damaged packets left out"] if self.packets else []
        parts += [f"{self.jumps} impossible times mended"] if self.jumps else []
        parts += [f"reading broke off ({self.broken_off})"] if self.broken_off else []
        return ", ".join(parts)


def decode_pictures(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[VideoFrame]:
    """Yield every picture the decoder gives, in presentation order; goes on after damaged packets and notes them."""
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
        damage.read += packet.size > 0
        # A packet without data, at the end, drains what the decoder holds back.
        yield from _decoded(stream, packet, damage)


def missing_end(container: InputContainer, stream: VideoStream, damage: Damage, last_seconds: float) -> str:
    """Return why a film that was read to its end seems to be cut off; empty when all is there.

    QuickTime's index lists what is to be read, hidden frames included; the number of frames in its header tells less:
    a film cut without encoding keeps frames that are not shown. Of others only the length can be compared.
    """
    if "mov" in container.format.name:
        listed = len(getattr(stream, "index_entries", ()))
        return (
            f"the file lists {listed} frames and holds {damage.read}; it may be cut off" if damage.read < listed else ""
        )
    if not stream.frames or not stream.duration or stream.time_base is None:
        return ""
    told = float(stream.duration * stream.time_base)
    is_short = last_seconds + _SHORT_BY_SECONDS < told and damage.read < stream.frames
    return f"the file says that it lasts {told:.1f} seconds; it may be cut off" if is_short else ""


def first_frame(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    """Return the first picture.

    Raises:
        UserError: Nothing can be decoded.
    """
    damage = Damage()
    for frame in decode_pictures(container, stream, damage):
        return frame
    raise nothing_decoded(path, damage)


def nothing_decoded(path: Path, damage: Damage) -> UserError:
    """Return the error for a film without a single picture."""
    return UserError(f"cannot read {path} as a video: no frame can be decoded ({damage.describe() or 'it holds none'})")


def _decoded(stream: VideoStream, packet: av.Packet | None, damage: Damage) -> list[VideoFrame]:
    try:
        return stream.decode(packet)
    except av.EOFError:
        return []
    except av.FFmpegError:
        damage.packets += 1
        return []
