"""Decoding times of films that are shorter than their encoder looks ahead."""

import av
import pytest

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding, with_decoding_times
from faceswap.media.writing import VideoWriter
from tests.media.deep_films import make_deep_film


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_short_films_have_times(tmp_path, count, suffix):
    make_deep_film(tmp_path / "in.mkv", count=count)
    info = probe(tmp_path / "in.mkv")
    with VideoWriter(tmp_path / f"out{suffix}", info, coding=Coding("hevc", "auto", preset="medium")) as writer:
        for frame in read_frames(info, stored_bits=10):
            writer.write(frame)
    with av.open(str(tmp_path / f"out{suffix}")) as film:
        times = [(packet.dts, packet.pts) for packet in film.demux(film.streams.video[0]) if packet.size]
    decoded = [dts for dts, _ in times if dts is not None]
    assert (
        len(times) == count and decoded == sorted(set(decoded)) and all(dts is None or dts <= pts for dts, pts in times)
    )
    assert [round(f.seconds, 2) for f in read_frames(tmp_path / f"out{suffix}")] == [n / 25 for n in range(count)]


@pytest.mark.parametrize(
    ("shown", "decoded"),
    [([0], [0]), ([0, 10, 20], [0, 10, 20]), ([0, 40, 20, 10, 30], [-20, -10, 0, 10, 20]), ([], [])],
)
def test_pictures_are_decoded_before_they_are_shown(shown, decoded):
    packets = []
    for ticks in shown:
        packet = av.Packet(b"x")
        packet.pts = ticks
        packets.append(packet)
    assert [packet.dts for packet in with_decoding_times(packets)] == decoded
