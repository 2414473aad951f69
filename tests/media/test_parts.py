"""Parts of a film, in every codec and container, are together the film: its pictures, times, tags and sound."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap.media.parts import join, part_of
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter
from faceswap.utils.errors import UserError
from tests.media.made_films import Film, make_film

TICKS = tuple(np.cumsum(1001 + 37 * (np.arange(18) % 5)).tolist())  # a rate that varies
WAYS = [
    ("h264", ".mp4"), ("h264", ".mkv"), ("h264", ".mov"), ("hevc", ".mp4"), ("hevc", ".mkv"), ("prores_422_hq", ".mov"),
    ("prores_4444", ".mkv"), ("dnxhr", ".mov"), ("ffv1", ".mkv"),
]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    film = Film(TICKS, Fraction(1, 30000), (256, 128), colour=(1, 6, 6, 6), sound_seconds=0.7)
    return make_film(tmp_path_factory.mktemp("source") / "film.mp4", film)


def _parts(writer: VideoWriter, frames: list, folder: Path, edges: tuple[int, ...]) -> list:
    parts = []
    for first, end in pairwise(edges):
        with part_of(writer, folder / f"part_{first}", 2) as part:
            for frame in frames[first:end]:
                part.write(frame)
        parts.append(part.part)
    return parts


@pytest.mark.parametrize(("codec", "suffix"), WAYS)
def test_a_film_of_parts_is_the_film(codec, suffix, source, tmp_path) -> None:
    info = probe(source)
    coding = Coding(codec, preset="ultrafast", crf=4, bits="auto", threads=2)
    writer = VideoWriter(tmp_path / f"joined{suffix}", info, coding=coding)
    frames = list(read_frames(info, stored_bits=writer.stored_bits))
    parts = _parts(writer, frames, tmp_path, (0, 7, 12, 18))
    join(writer, parts, 2)
    with VideoWriter(tmp_path / f"whole{suffix}", info, coding=coding) as whole:
        for frame in frames:
            whole.write(frame)
    pictures = [frame.image for part in parts for frame in read_frames(part.path)]
    with av.open(str(writer.path)) as joined, av.open(str(whole.path)) as other:
        a, b = joined.streams.video[0], other.streams.video[0]
        for name in ("duration", "frames", "time_base", "average_rate", "start_time"):
            assert getattr(a, name) == getattr(b, name), name
        for name in ("color_range", "colorspace", "color_trc", "color_primaries", "pix_fmt", "codec_tag", "extradata"):
            assert getattr(a.codec_context, name) == getattr(b.codec_context, name), name
        decoded = [[(frame.pts, frame.time) for frame in film.decode(video=0)] for film in (joined, other)]
        assert decoded[0] == decoded[1]
    with av.open(str(writer.path)) as joined, av.open(str(whole.path)) as other:
        sound = [[(packet.pts, bytes(packet)) for packet in film.demux(audio=0)] for film in (joined, other)]
        assert sound[0] == sound[1]
    for frame, picture in zip(read_frames(writer.path), pictures, strict=True):
        assert (frame.image == picture).all()


def test_decoding_times_rise_and_come_before_those_of_showing(source, tmp_path) -> None:
    info = probe(source)
    writer = VideoWriter(tmp_path / "joined.mp4", info, coding=Coding(preset="medium"))
    join(writer, _parts(writer, list(read_frames(info)), tmp_path, (0, 7, 8, 18)), 2)
    with av.open(str(writer.path)) as film:
        times = [(packet.dts, packet.pts) for packet in film.demux(video=0) if packet.size]
    assert all(dts <= pts for dts, pts in times) and (np.diff([dts for dts, _ in times]) > 0).all()


def test_a_part_that_was_encoded_otherwise_is_refused(source, tmp_path) -> None:
    info = probe(source)
    frames = list(read_frames(info))
    writer, other = (VideoWriter(tmp_path / "out.mp4", info, coding=Coding(preset=preset)) for preset in
                     ("ultrafast", "slow"))  # fmt: skip
    parts = [*_parts(writer, frames, tmp_path, (0, 9)), *_parts(other, frames, tmp_path, (9, 18))]
    with pytest.raises(UserError, match="was encoded otherwise than the others"):
        join(writer, parts, 2)
    assert not writer.path.exists()


def test_a_changed_part_is_told(source, tmp_path) -> None:
    info = probe(source)
    [part] = _parts(VideoWriter(tmp_path / "out.mp4", info), list(read_frames(info)), tmp_path, (0, 18))
    assert part.is_sound()
    part.path.write_bytes(part.path.read_bytes()[:-1])
    assert not part.is_sound()
    part.path.unlink()
    assert not part.is_sound()
