"""The fingerprint in the metadata tells pictures as they were made from pictures that were encoded anew."""

import av
import pytest
from PIL import Image

from faceswap.media.pictures import stamp
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.pictures.stamp import picture_mark
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.stamp import film_mark
from faceswap.media.writing import writer_for
from faceswap.provenance.fingerprint import said
from faceswap.provenance.notice import made_with_ai
from tests.media.made_films import Film, make_film, picture

ABOUT = made_with_ai("a face was drawn", "model größer")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_pictures_carry_theirs_and_lose_it_when_they_are_encoded_anew(tmp_path, suffix):
    path, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_image(path, picture(40, 32), 90, ABOUT)
    sentence, mark = said(path)
    assert sentence.startswith("a face was drawn by faceswap") and mark == picture_mark(path)
    read_image(path)  # PNG's checksums fit
    with Image.open(path) as image:
        image.rotate(180).save(again)
    assert picture_mark(again) != mark


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_films_carry_theirs_and_keep_it_when_streams_are_copied(tmp_path, suffix):
    info = probe(make_film(tmp_path / "in.mp4", Film()))
    path, copy = tmp_path / f"a{suffix}", tmp_path / "copy.mkv"
    with writer_for(info, path, metadata=ABOUT) as writer:
        for frame in read_frames(info):
            writer.write(frame)
    with av.open(str(path)) as source, av.open(str(copy), "w") as target:
        target.metadata.update(source.metadata)
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    _, mark = said(path)
    assert mark and mark == film_mark(path) == film_mark(copy) == said(copy)[1]
    assert film_mark(tmp_path / "in.mp4") != mark


def test_files_of_others_say_nothing(tmp_path):
    write_image(tmp_path / "a.png", picture(40, 32))
    assert said(tmp_path / "a.png") is None


@pytest.mark.parametrize("content", [b"Made with AI: " * 200_000, b"[pictures 0123456789abcdef]" * 100_000,
                                     b"\x00Made with AI: \x01[pictures 0123456789abcdef]"])  # fmt: skip
def test_a_file_of_nothing_but_beginnings_or_marks_is_soon_searched(tmp_path, content):
    (tmp_path / "a.bin").write_bytes(content)
    found = said(tmp_path / "a.bin")
    assert found is None or (len(found[0]) <= 2000 and found[1] == "")


def test_a_notice_stands_before_its_mark_and_within_its_text(tmp_path):
    mark = b"[pictures 0123456789abcdef]"
    (tmp_path / "a.bin").write_bytes(b"x" * 3000 + mark + b"\0old\0Made with AI: a face " + mark + b"\0")
    assert said(tmp_path / "a.bin") == ("a face", mark.decode())


def test_what_is_no_picture_is_not_read_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(stamp, "PICTURE_BYTES", 1000)
    (tmp_path / "a.mp4").write_bytes(bytes(2000))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    for name, reason in (("a.mp4", "no PNG"), ("a.png", "larger")):
        with pytest.raises(ValueError, match=reason):
            picture_mark(tmp_path / name)
