"""Channel layouts of sound tracks, in FFmpeg's own order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from av.audio.layout import AudioLayout

# By number of channels, as FFmpeg guesses for a track that does not tell.
_USUAL = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
_NATIVE = tuple(channel.name for channel in AudioLayout("22.2").channels)  # in the order of FFmpeg's bits


@dataclass(frozen=True)
class Channels:
    """The `count` channels of a track in `layout`, FFmpeg's name of it.

    `order`: number of the stored channel that is the layout's first, second ...; None: they are stored as they should.
    `is_told` is False when the file counts its channels only and the layout is the usual one of so many.
    """

    layout: str
    count: int
    order: tuple[int, ...] | None = None
    is_told: bool = True


def native_channels(codec: Any) -> Channels:
    """Return the channels of a decoder that has decoded nothing yet; afterwards it counts them in FFmpeg's own order.

    PyAV shares the table of a custom channel order with the decoder and frees it twice: asking for such a layout a
    second time, or decoding one frame, damages the heap. Here it is asked for once, and replaced by a layout without a
    table, so that the table has one owner. Call it once, before anything else asks the stream.
    """
    layout = codec.layout
    names = [channel.name for channel in layout.channels]
    if not names:
        return Channels("", 0)
    if set(names) <= set(_NATIVE) and len(set(names)) == len(names):
        order = tuple(sorted(range(len(names)), key=lambda number: _NATIVE.index(names[number])))
        native = AudioLayout("+".join(names[number] for number in order))
        is_sorted = order == tuple(range(len(names)))
        channels = Channels(native.name, len(names), None if is_sorted else order)
    elif len(names) <= len(_USUAL) and not layout.name.startswith("ambisonic"):
        native = AudioLayout(_USUAL[len(names) - 1])
        channels = Channels(native.name, len(names), is_told=False)
    else:  # a sound field, or many channels that nothing is known of
        native = AudioLayout(layout.name if layout.name.startswith("ambisonic") else f"{len(names)} channels")
        channels = Channels(native.name, len(names))
    codec.layout = native
    return channels
