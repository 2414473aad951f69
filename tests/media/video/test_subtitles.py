"""Text subtitles come along between containers, in time; what cannot is named."""

from fractions import Fraction

import av
import pytest

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.subtitles import _HEADER, as_text
from faceswap.media.writing import VideoWriter
from tests.media.made_films import Film, make_film

TEXTS = {
    "subrip": b"Hello <i>you</i>",
    "ass": b"0,0,Default,,0,0,0,,{\\i1}Hello{\\i0} you",
    "mov_text": b"\0\x09Hello you",
}


def film_with(folder, kind, suffix):
    """A film of 20 frames with two subtitles, at 0.2 and 0.5 seconds."""
    plain = make_film(folder / "plain.mp4", Film())
    path = folder / f"in{suffix}"
    with av.open(str(plain)) as source, av.open(str(path), "w") as output:
        video = output.add_stream_from_template(source.streams.video[0])
        text = output.add_stream(kind)
        text.codec_context.subtitle_header = _HEADER
        text.metadata["language"] = "fra"
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = video
                output.mux(packet)
        for milliseconds in (200, 500):
            packet = av.Packet(TEXTS[kind])
            packet.stream, packet.time_base, packet.duration = text, Fraction(1, 1000), 150
            packet.pts = packet.dts = milliseconds
            output.mux(packet)
    return path


def converted(source, out, start=0):
    info = probe(source)
    writer = VideoWriter(out, info, start=start)
    writer.check()
    with writer:
        for frame in read_frames(info, start):
            writer.write(frame)
    return out


def subtitles(path):
    """(seconds, lasting seconds, text) of each, and the language."""
    with av.open(str(path)) as film:
        (stream,) = film.streams.subtitles
        name = stream.codec_context.name
        kind = {"srt": "subrip", "ssa": "ass"}.get(name, name)
        found = [
            (round(float(p.pts * p.time_base), 3), round(float(p.duration * p.time_base), 3), as_text(bytes(p), kind))
            for p in film.demux(stream)
            if p.size
        ]
        return [one for one in found if one[2]], stream.metadata.get("language")


@pytest.mark.parametrize("kind", ["subrip", "ass", "mov_text"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_text_comes_along(tmp_path, caplog, kind, suffix):
    source = film_with(tmp_path, kind, ".mp4" if kind == "mov_text" else ".mkv")
    found, language = subtitles(converted(source, tmp_path / f"out{suffix}"))
    assert found == [(0.2, 0.15, "Hello you"), (0.5, 0.15, "Hello you")] and language == "fra"
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    with av.open(str(tmp_path / f"out{suffix}")) as film:
        assert len([packet for packet in film.demux(film.streams.video[0]) if packet.size]) == 20


def test_a_part_of_a_film_has_none_and_says_so(tmp_path, caplog):
    source = film_with(tmp_path, "subrip", ".mkv")
    with av.open(str(converted(source, tmp_path / "out.mkv", start=5))) as film:
        assert not film.streams.subtitles
    assert "its subtitles" in caplog.text


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b"a\\Nb", "subrip", "a\\Nb"),
        (b"1,0,Default,,0,0,0,,a, b\\Nc", "ass", "a, b\nc"),
        (b"\0\x02abcd", "mov_text", "ab"),
        (b"\xff\xff", "mov_text", ""),
        (b"", "mov_text", ""),
    ],
)
def test_plain_text(content, kind, text):
    assert as_text(content, kind) == text
