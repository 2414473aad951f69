"""Films of a moment with sound of any codec, layout and container: each channel has a tone of its own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from faceswap.media.sound.channels import native_channels

RATE, SECONDS, TONE_HZ = 48000, 0.3, 200
FRAMES = 4


class CannotMakeError(Exception):
    """PyAV here has no such encoder, or container and codec do not go together."""


def tones(count: int, seconds: float = SECONDS) -> np.ndarray:
    """(count, samples) float32: channel n has a tone of (n + 1) * TONE_HZ."""
    times = np.arange(round(seconds * RATE)) / RATE
    return np.stack([0.3 * np.sin(2 * np.pi * TONE_HZ * (n + 1) * times) for n in range(count)]).astype(np.float32)


def make(path: Path, codec: str, layout: str, *, first_seconds: float = 0.0, silent: bool = False) -> Path:
    """Writes the film; `first_seconds` is when the sound begins, `silent`: the track is there and has no packet."""
    try:
        with av.open(str(path), "w") as output:
            video = output.add_stream("libvpx" if path.suffix == ".webm" else "mpeg4", rate=25)
            video.width = video.height = 32
            video.pix_fmt = "yuv420p"
            sound = output.add_stream(codec, rate=RATE, options={"strict": "experimental"})
            sound.layout = layout
            last = FRAMES if not first_seconds else round(25 * (first_seconds + SECONDS))
            for number in range(last):
                picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 40 + number % 100, np.uint8), format="rgb24")
                picture.pts, picture.time_base = number, Fraction(1, 25)
                output.mux(video.encode(picture))
            if not silent:
                samples = tones(sound.codec_context.layout.nb_channels)
                # Packed: PyAV counts one plane too many where there are eight.
                frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), format="flt", layout=layout)
                frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
                frame.pts = round(first_seconds * RATE)
                output.mux(sound.encode(frame))
            output.mux(video.encode(None))
            if not silent:
                output.mux(sound.encode(None))
        with av.open(str(path)) as made:
            if not made.streams.audio and not silent:
                raise CannotMakeError(f"{path.suffix} holds {codec} as data only")
    except (av.FFmpegError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise CannotMakeError(str(error)) from error
    return path


def heard(path: Path) -> dict[str, int]:
    """Which tone (1, 2 ...) each loudspeaker gets; the low-frequency one is left out, where codecs keep only lows."""
    with av.open(str(path)) as source:
        stream = source.streams.audio[0]
        channels = native_channels(stream.codec_context)
        packed, blocks, layout = None, [], None
        for frame in source.decode(stream):
            layout = layout or frame.layout
            packed = packed or av.AudioResampler(format="flt", layout=layout)
            blocks += [part.to_ndarray().reshape(-1, layout.nb_channels).T for part in packed.resample(frame)]
        samples, rate = np.concatenate(blocks, 1), stream.codec_context.sample_rate
    if stream.codec_context.name.startswith("pcm_") and channels.order:
        samples = samples[list(channels.order)]
    samples = samples - samples.mean(1, keepdims=True)
    middle = samples[:, samples.shape[1] // 4 : -samples.shape[1] // 4]
    peaks = np.abs(np.fft.rfft(middle, n=rate, axis=1)).argmax(1)  # in Hz
    names = [channel.name for channel in layout.channels]
    return {name: round(peak / TONE_HZ) for name, peak in zip(names, peaks, strict=True) if name != "LFE"}


def reorder_channels(path: Path, tag: int) -> Path:
    """Gives a .mov with eight channels another of QuickTime's numbered orders, such as MPEG 7.1 C."""
    data = bytearray(path.read_bytes())
    place = data.index(b"chan")
    data[place + 8 : place + 12] = tag.to_bytes(4, "big")
    path.write_bytes(data)
    return path
