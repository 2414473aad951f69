"""What a result does not have is told; what can come along does."""

import logging
from fractions import Fraction

import av
import pytest

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import VideoWriter
from tests.media.made_films import Film, make_film


def written(source, out, start=0, stop=None):
    info = probe(source)
    writer = VideoWriter(out, info, start=start, stop=stop, metadata={"made_with_ai": "yes", "title": "ours"})
    writer.check()
    with writer:
        for frame in read_frames(info, start, stop):
            writer.write(frame)
    return out


def add_extras(path, out):
    """The film with a title, a date, chapters and a timecode."""
    with av.open(str(path)) as source, av.open(str(out), "w") as output:
        output.metadata.update({"artist": "somebody", "date": "2026-03-02", "encoder_settings": "fast"})
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.metadata["timecode"] = "01:02:03:04"
        base = Fraction(1, 1000)
        output.set_chapters(
            [
                {"id": n, "start": 400 * n, "end": 400 * (n + 1), "time_base": base, "metadata": {"title": f"part {n}"}}
                for n in range(2)
            ]
        )
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    return out


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_plain_film_loses_nothing(tmp_path, caplog):
    written(make_film(tmp_path / "in.mp4", Film()), tmp_path / "out.mp4")
    assert warnings(caplog) == []


def test_more_bits_and_hdr_are_one_line(tmp_path, caplog):
    film = Film(pixel_format="yuv420p10le", colour=(1, 9, 9, 16), sound=())
    written(make_film(tmp_path / "in.mkv", film), tmp_path / "out.mp4")
    (line,) = warnings(caplog)
    assert "10 bits a channel (8 instead, still coded as PQ (HDR))" in line and "in.mkv" in line


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_date_chapters_and_timecode_come_along(tmp_path, caplog, suffix):
    source = add_extras(make_film(tmp_path / "plain.mp4", Film(sound=())), tmp_path / "in.mov")
    with av.open(str(written(source, tmp_path / f"out{suffix}"))) as film:
        found = {key.lower(): value for key, value in film.metadata.items()}
        assert (found["artist"], found["date"], found["title"]) == ("somebody", "2026-03-02", "ours")
        chapters = [(float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in film.chapters()]
        assert chapters == [(0.0, "part 0"), (0.4, "part 1")]
        tags = {key.lower(): value for key, value in film.streams.video[0].metadata.items()}
        assert tags["timecode"] == "01:02:03:04"
    assert warnings(caplog) == []


def test_a_part_of_a_film_says_what_stays_behind(tmp_path, caplog):
    source = add_extras(make_film(tmp_path / "plain.mp4", Film(sound=())), tmp_path / "in.mov")
    with av.open(str(written(source, tmp_path / "out.mp4", 3, 9))) as film:
        assert film.chapters() == []
    (line,) = warnings(caplog)
    assert "its chapters" in line and "its timecode" in line
