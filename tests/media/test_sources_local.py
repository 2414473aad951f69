"""A film is one local file: nothing that names other files, nothing that is text, nothing larger than can be held."""

import struct
import zlib

import numpy as np
import pytest

from faceswap.media.pictures.images import read_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.media.made_films import Film, make_film, picture

LISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{film}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile '{film}'\n",
    "list.mpd": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="1"><BaseURL>{film}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "art.ans": "\x1b[31mred \x1b[0m text\n" * 40,
    "notes.mp4": "just some text, more than a line\n" * 40,
    "words.srt": "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "frames.txt": "{film}\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_films_and_text_are_no_films(tmp_path, name):
    film = make_film(tmp_path / "film.ts", Film(codec="mpeg4", sound=("mp2",)))
    for place in (film.name, str(film)):
        (tmp_path / name).write_text(LISTS[name].replace("{film}", place))
        with pytest.raises(UserError, match="as a video") as caught:
            probe(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["concat:a.ts|b.ts", "subfile,,start,0,end,0,,:a.ts", "data:video/mp4;base64,AA", "pipe:0"]
)
def test_protocols_are_names_of_files_that_are_not_there(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    make_film(tmp_path / "a.ts", Film(codec="mpeg4", sound=("mp2",)))
    with pytest.raises(UserError, match="no such file or folder"):
        probe(name)


def test_a_wide_pixel_does_not_make_a_frame_too_large(tmp_path, monkeypatch):
    from fractions import Fraction

    monkeypatch.setattr("faceswap.media.video.streams.FRAME_PIXELS", 96 * 64 * 3)
    film = make_film(tmp_path / "film.mp4", Film(aspect=Fraction(6), sound=()))
    with pytest.raises(UserError, match=r"576 x 64 is larger"):
        probe(film)


def test_a_size_that_grows_on_the_way_is_refused_by_the_decoder(tmp_path, monkeypatch, caplog):
    small = make_film(tmp_path / "a.h264", Film(sound=(), ticks=tuple(range(5))))
    large = make_film(tmp_path / "b.h264", Film(sound=(), ticks=tuple(range(5)), size=(640, 480)))
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    monkeypatch.setattr("faceswap.media.video.streams.FRAME_PIXELS", 96 * 64 * 4)
    assert 0 < len(list(read_frames(both))) <= 5
    assert "damaged packets" in caplog.text


def test_a_huge_gray_picture_takes_little_beside_itself(tmp_path):
    import tracemalloc

    width, height = 6000, 5000
    rows = b"".join(b"\0" + bytes(2 * width) for _ in range(1))
    packed = zlib.compressobj()
    data = b"".join(packed.compress(rows) for _ in range(height)) + packed.flush()

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    path = tmp_path / "gray.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    tracemalloc.start()
    image = read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert image.shape == (height, width, 3)
    assert peak < 8 * width * height  # gray twice and RGB; numbers of 8 bytes would be three times as many


def test_bands_change_nothing(tmp_path, monkeypatch):
    from PIL import Image

    gray = (np.arange(40 * 30).reshape(30, 40) * 50).astype(np.uint16)
    Image.fromarray(gray).save(tmp_path / "gray.png")
    rgba = np.dstack([picture(40, 30), np.arange(1200).reshape(30, 40) % 256]).astype(np.uint8)
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    whole = [read_image(tmp_path / name) for name in ("gray.png", "rgba.png")]
    monkeypatch.setattr("faceswap.media.pictures.images._BAND_PIXELS", 90)
    for name, before in zip(("gray.png", "rgba.png"), whole, strict=True):
        assert np.array_equal(read_image(tmp_path / name), before)
