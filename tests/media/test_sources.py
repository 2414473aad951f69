"""A source is recognised by what it is, under any name."""

import os
import socket
from fractions import Fraction

import pytest

from faceswap.media.pictures.images import write_image
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.media.made_films import Film, make_film, picture

ODD_NAMES = [
    "-leading-dash.mp4", "UPPER.MP4", "[brackets](1){2}.mp4", "a=b,c;d&e.mp4", "percent%d_100%.mp4", "no_extension",
    "quote'and\"double.mp4", "trailing space .mp4", "имя=видео.mp4", "日本語 ファイル.mp4", "http:colon.mp4", "*.mp4",
    os.fsdecode(b"not\xffutf8.mp4"),
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_any_name_works(tmp_path, name):
    film = make_film(tmp_path / "film.mp4", Film(ticks=(0, 1)))
    film.rename(tmp_path / name)
    info = probe(tmp_path / name)
    assert (info.kind, info.frame_count, info.has_audio) == ("video", 2, True)
    assert info.name == (tmp_path / name).stem


def test_what_a_film_tells(tmp_path):
    info = probe(make_film(tmp_path / "film.mp4", Film(time_base=Fraction(1, 15360), ticks=(0, 512, 1024))))
    assert (info.width, info.height, info.pixel_format) == (96, 64, "yuv420p")
    assert info.time_base == Fraction(1, 15360)
    assert (info.colour.range, info.colour.matrix, info.colour.primaries, info.colour.transfer) == (1, 1, 1, 1)
    assert info.duration_seconds == pytest.approx(0.1, abs=0.05)
    assert not info.is_still


def test_the_suffix_may_lie(tmp_path):
    write_image(tmp_path / "a.png", picture(8, 8))
    (tmp_path / "a.png").rename(tmp_path / "a.mp4")
    make_film(tmp_path / "b.mp4", Film(ticks=(0,))).rename(tmp_path / "b.avi")
    assert probe(tmp_path / "a.mp4").is_still
    assert probe(tmp_path / "b.avi").kind == "video"


def test_a_pattern_gives_pictures_in_natural_order(tmp_path):
    for number in (1, 2, 10):
        write_image(tmp_path / f"frame {number}.jpg", picture(8, 8))
    info = probe(tmp_path / "frame*.jpg")
    assert [file.name for file in info.files] == ["frame 1.jpg", "frame 2.jpg", "frame 10.jpg"]
    assert info.name == tmp_path.name
    assert probe(tmp_path / "*10.jpg").is_still


def test_an_existing_file_is_no_pattern(tmp_path):
    write_image(tmp_path / "a[1].png", picture(8, 8))
    write_image(tmp_path / "a1.png", picture(9, 9))
    assert probe(tmp_path / "a[1].png").width == 8


@pytest.mark.parametrize("name", ["none.mp4", "none*.jpg", "http://example.org/film.mp4"])
def test_nothing_there_tells_what_is_accepted(tmp_path, name):
    with pytest.raises(UserError, match="accepted: a video, a folder of pictures"):
        probe(tmp_path / name)


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing to see")
    with pytest.raises(UserError, match="no pictures in the folder"):
        probe(tmp_path)


PLAYLISTS = {
    "a.m3u": "clip.mp4\n",
    "b.m3u": "#EXTM3U\n#EXTINF:1,x\nclip.mp4\n",
    "c.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nclip.mp4\n#EXT-X-ENDLIST\n",
    "d.pls": "[playlist]\nFile1=clip.mp4\nNumberOfEntries=1\n",
    "e.asx": '<ASX version="3.0"><Entry><Ref href="clip.mp4"/></Entry></ASX>',
    "f.asx": "[Reference]\nRef1=clip.mp4\n",
    "g.xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
    "<location>clip.mp4</location></track></trackList></playlist>",
    "h.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>clip.mp4</BaseURL></MPD>',
    "i.ffconcat": "ffconcat version 1.0\nfile clip.mp4\n",
}


@pytest.mark.parametrize(
    ("name", "called"), [(name, name) for name in PLAYLISTS] + [(name, "x.mp4") for name in PLAYLISTS if name > "b"]
)
def test_a_playlist_is_called_one_whatever_its_name_and_never_followed(name, called, tmp_path):
    make_film(tmp_path / "clip.mp4", Film())
    (tmp_path / called).write_text(PLAYLISTS[name])
    with pytest.raises(UserError, match="it is a playlist, not a film") as caught:
        probe(tmp_path / called)
    assert "\n" not in str(caught.value)


def test_a_playlist_reaches_nothing_outside(tmp_path):
    playlist = tmp_path / "list.m3u8"
    with socket.socket() as outside:
        outside.bind(("127.0.0.1", 0))
        outside.listen()
        outside.setblocking(False)
        address = f"http://127.0.0.1:{outside.getsockname()[1]}/a.ts"
        playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(UserError, match=r"list\.m3u8"):
            probe(playlist)
        with pytest.raises(BlockingIOError):  # nobody called
            outside.accept()
