"""The fingerprint in the metadata tells pictures as they were made from pictures that were encoded anew."""

import av
import pytest
from PIL import Image

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
