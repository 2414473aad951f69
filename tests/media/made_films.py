"""Films made on the spot, each with one property that is easily lost."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SOUND_RATE = 44100


def picture(width: int, height: int, number: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 RGB: smooth colours of all kinds, red at the top left, with a square that moves."""
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    red = 250 - 200 * columns / width
    green = 20 + 200 * rows / height
    blue = 30 + 180 * columns / width * rows / height
    image = np.stack([red, green, blue], -1).astype(np.uint8)
    image[: height // 4, : width // 4] = (230, 30, 40)
    x = 4 * number % max(1, width - 12)
    cv2.rectangle(image, (x, height // 2), (x + 10, height // 2 + 10), (240, 240, 240), -1)
    return image


@dataclass(frozen=True)
class Film:
    """What to write: `ticks` are presentation times in `time_base`; colour is (range, matrix, primaries, transfer)."""

    ticks: tuple[int, ...] = tuple(range(20))
    time_base: Fraction = Fraction(1, 25)
    size: tuple[int, int] = (96, 64)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    colour: tuple[int, int, int, int] = (1, 1, 1, 1)
    sound: tuple[str, ...] = ("aac",)
    sound_seconds: float = 0.8
    rotation: int = 0
    aspect: Fraction | None = None
    flash: int | None = None

    @property
    def seconds(self) -> np.ndarray:
        return np.array([float(tick * self.time_base) for tick in self.ticks])


def make_film(path: Path, film: Film, begins_seconds: int = 0) -> Path:
    """Writes the film, near lossless. With `flash`, that frame is white and a click sounds as it appears.

    `begins_seconds`: what its clock shows at its beginning.
    """
    # MP4 tells a late start in units of the movie's time scale, 1 ms unless asked otherwise.
    exact = {"movie_timescale": str(film.time_base.denominator)} if path.suffix == ".mp4" else {}
    late = {"output_ts_offset": str(begins_seconds)} if begins_seconds else {}
    with av.open(str(path), "w", container_options={**exact, **late}) as output:
        options = {"crf": "4"} if film.codec == "libx264" else {}
        stream = output.add_stream(film.codec, rate=25, options=options)
        stream.width, stream.height = film.size
        stream.pix_fmt = film.pixel_format
        context = stream.codec_context
        context.time_base = film.time_base
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = film.colour
        if film.aspect:
            context.sample_aspect_ratio = film.aspect
        if film.rotation:
            stream.set_display_rotation(film.rotation)
        tracks = [_sound_stream(output, codec) for codec in film.sound]
        for number, tick in enumerate(film.ticks):
            image = picture(*film.size, number)
            if number == film.flash:
                image[:] = 255
            output.mux(stream.encode(_frame(image, film, tick)))
        for track in tracks:
            _mux_sound(output, track, film)
        output.mux(stream.encode(None))
        for track in tracks:
            output.mux(track.encode(None))
    return path


def _frame(image: np.ndarray, film: Film, tick: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    if film.pixel_format not in ("rgb24", "bgr0", "rgba"):
        matrix = {1: "ITU709", 5: "ITU601", 6: "ITU601", 9: "BT2020", 2: "ITU601"}[film.colour[1]]
        accurate = 4 | 0x2000 | 0x40000  # bicubic, chroma in full, accurate rounding
        frame = frame.reformat(
            format=film.pixel_format, src_color_range="JPEG", dst_color_range="JPEG" if film.colour[0] == 2 else "MPEG",
            src_colorspace=matrix, dst_colorspace=matrix, interpolation=accurate,
        )  # fmt: skip
    else:
        frame = frame.reformat(format=film.pixel_format)
    frame.color_range, frame.colorspace = film.colour[:2]
    frame.pts, frame.time_base = tick, film.time_base
    return frame


def _sound_stream(output, codec: str):
    stream = output.add_stream(codec, rate=SOUND_RATE)
    stream.layout = "mono"
    return stream


def _mux_sound(output, stream, film: Film) -> None:
    count = int(film.sound_seconds * SOUND_RATE)
    seconds = np.arange(count) / SOUND_RATE
    wave = 0.02 * np.sin(2 * np.pi * 330 * seconds)
    if film.flash is not None:
        click = (seconds >= film.seconds[film.flash]) & (seconds < film.seconds[film.flash] + 0.01)
        wave[click] = 0.9
    for first in range(0, count, 1024):
        block = (wave[first : first + 1024] * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, first, Fraction(1, SOUND_RATE)
        output.mux(stream.encode(frame))


def sound_packets(path: Path) -> list[list[tuple[float, bytes]]]:
    """(seconds, bytes) of every sound packet, by track."""
    tracks = []
    with av.open(str(path)) as source:
        count = len(source.streams.audio)
    for number in range(count):
        with av.open(str(path)) as source:
            packets = [packet for packet in source.demux(source.streams.audio[number]) if packet.size]
            tracks.append([(float(packet.pts * packet.time_base), bytes(packet)) for packet in packets])
    return tracks


def click_seconds(path: Path) -> float:
    """When the click of a film with a flash is heard."""
    with av.open(str(path)) as source:
        for frame in source.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(np.float64)).reshape(-1)
            full_scale = 1.0 if frame.format.name.startswith("flt") else 32768.0
            loud = np.flatnonzero(samples > 0.4 * full_scale)
            if loud.size:
                return float(frame.time) + loud[0] / frame.sample_rate
    raise AssertionError(f"no click in {path}")
