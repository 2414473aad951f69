"""PNG and TIFF of 16 bits and EXR, read and written in full depth; sequences of films, and films of sequences."""

import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from faceswap.core.stored_picture import light_to_screen
from faceswap.media.deep_pictures import depth_of, read_stored, shown
from faceswap.media.picture_writing import ImageSequenceWriter
from faceswap.media.pictures.exr import encode_exr, exr_header, read_exr
from faceswap.media.pictures.images import read_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.video.colour_tags import ColourTags
from faceswap.media.writing import writer_for
from faceswap.provenance.notice import made_with_ai
from faceswap.utils.errors import UserError
from faceswap.verify import mark_of_file
from tests.media.deep_films import PQ, make_deep_film, ramp
from tests.media.made_films import Film, make_film

DEEP = ["png", "tif", "exr"]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "deep.mkv"
    make_deep_film(path, "gbrp12le", tags=ColourTags(2, 0, 1, 13), count=2)
    return path


def written(source, out, pattern="", bits="auto", about=None, start=0):
    info = probe(source)
    writer = writer_for(info, out, pattern=pattern, coding=Coding("auto", bits), metadata=about, start=start)
    writer.check()
    with writer:
        for frame in read_frames(info, start, stored_bits=writer.stored_bits):
            writer.write(frame)
    return out


@pytest.mark.parametrize("suffix", DEEP)
def test_a_films_pictures_keep_its_depth(film, tmp_path, suffix):
    written(film, tmp_path / "out", f"x_%04d.{suffix}")
    assert sorted(path.name for path in (tmp_path / "out").glob("x_*")) == [f"x_0000.{suffix}", f"x_0001.{suffix}"]
    for index, frame in enumerate(read_frames(film, stored_bits=8)):
        path = tmp_path / "out" / f"x_{index:04d}.{suffix}"
        read = read_stored(path)
        rgb = light_to_screen(read.rgb()) if read.is_linear else read.rgb()
        assert (read.bits, read.is_linear) == ((32, True) if suffix == "exr" else (16, False))
        tolerance = 0.001 if suffix == "exr" else 0.00002  # half floats have 11 bits
        assert np.abs(rgb - frame.stored.rgb()).max() < tolerance


def test_light_of_pq_is_told_in_exr(tmp_path):
    make_deep_film(tmp_path / "in.mkv", count=1, tags=PQ)
    written(tmp_path / "in.mkv", tmp_path / "out", "%d.exr")
    light = read_exr(tmp_path / "out" / "0.exr")
    (frame,) = read_frames(tmp_path / "in.mkv", stored_bits=10)
    middle = np.abs(frame.stored.rgb()[..., 1] - 0.508) < 0.004  # 100 cd/m2
    assert middle.any() and np.abs(light[..., 1][middle] - 1).max() < 0.1
    data = (tmp_path / "out" / "0.exr").read_bytes()
    assert struct.pack("<2f", 0.708, 0.292) in data  # BT.2020's red


@pytest.mark.parametrize("suffix", DEEP)
def test_the_same_sequence_comes_out_as_it_went_in(film, tmp_path, suffix):
    written(film, tmp_path / "in", f"%06d.{suffix}")
    info = probe(tmp_path / "in")
    assert (info.kind, info.bits) == ("images", 32 if suffix == "exr" else 16)
    written(tmp_path / "in", tmp_path / "out")
    for path in (tmp_path / "in").glob(f"*.{suffix}"):
        before, after = read_stored(path), read_stored(tmp_path / "out" / path.name)
        assert all(np.array_equal(a, b) for a, b in zip(before.planes, after.planes, strict=True))
        assert np.array_equal(shown(before), read_image(path)) or suffix != "exr"


@pytest.mark.parametrize("suffix", DEEP)
def test_a_sequence_becomes_a_film_of_its_depth(film, tmp_path, suffix):
    written(film, tmp_path / "in", f"%06d.{suffix}")
    for out, bits in (("out.mp4", 12), ("out.mkv", 12)):
        info = probe(written(tmp_path / "in", tmp_path / out))
        assert info.bits == bits
    for before, after in zip(read_frames(film), read_frames(tmp_path / "out.mkv"), strict=True):
        assert np.abs(before.image.astype(int) - after.image).mean() < 4


def test_eight_bits_stay_eight_and_may_be_asked_for(film, tmp_path, caplog):
    written(make_film(tmp_path / "a.mp4", Film(ticks=(0, 1))), tmp_path / "plain")
    assert depth_of(tmp_path / "plain" / "000001.png") == 8
    assert "a.mp4: not in the result: its sound" in caplog.text
    caplog.clear()
    written(film, tmp_path / "asked", bits=8)
    assert depth_of(tmp_path / "asked" / "000000.png") == 8 and "12 bits a channel (8 instead" in caplog.text
    written(tmp_path / "plain", tmp_path / "sixteen", bits=16)
    assert depth_of(tmp_path / "sixteen" / "000001.png") == 16
    with Image.open(tmp_path / "plain" / "000001.png") as plain:
        assert np.abs(np.asarray(plain, int) - read_image(tmp_path / "sixteen" / "000001.png")).max() <= 1


def test_a_part_keeps_the_numbers_and_the_result_is_replaced(film, tmp_path):
    for _ in range(2):
        written(film, tmp_path / "out", "x.%05d.exr", about=made_with_ai("the faces were swapped"), start=1)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["report.json", "x.00001.exr", "x.00001.exr.c2pa"]
    (tmp_path / "out" / "mine.exr").touch()
    with pytest.raises(UserError, match="it holds other files"):
        written(film, tmp_path / "out", "x.%05d.exr")


@pytest.mark.parametrize("suffix", DEEP)
def test_the_fingerprint_is_that_of_the_pixels(film, tmp_path, suffix):
    written(film, tmp_path / "out", f"%d.{suffix}", about=made_with_ai("the faces were swapped"))
    data = (tmp_path / "out" / f"0.{suffix}").read_bytes()
    mark = mark_of_file(tmp_path / "out" / f"0.{suffix}")
    assert mark and mark.encode() in data and b"Made with AI: the faces were swapped" in data


def test_numbers_that_are_none_become_black_with_a_warning(tmp_path, caplog):
    light = np.full((8, 8, 3), 0.5, np.float32)
    data = encode_exr(light, alpha=None, primaries=1, metadata={})
    (tmp_path / "a.exr").write_bytes(data)
    broken = light.copy()
    broken[2, 3], broken[4, 4] = np.nan, np.inf
    import faceswap.media.pictures.exr as module

    clip, module.np.clip = np.clip, lambda values, low, high: values
    try:
        (tmp_path / "b.exr").write_bytes(encode_exr(broken, alpha=None, primaries=1, metadata={}))
    finally:
        module.np.clip = clip
    assert not read_exr(tmp_path / "b.exr")[2, 3].any() and not read_exr(tmp_path / "b.exr")[4, 4].any()
    assert read_exr(tmp_path / "b.exr")[0, 0, 0] == 0.5
    assert caplog.text.count("NaN, infinity") == 1


def test_transparency_lies_on_black(tmp_path):
    values = np.full((6, 6, 4), 40000, np.uint16)
    values[..., 3] = 32768
    cv2.imwrite(str(tmp_path / "a.png"), values)
    assert np.abs(read_stored(tmp_path / "a.png").rgb() - 20000 / 65535).max() < 0.001


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_pictures_are_turned_upright(tmp_path, orientation, corner):
    values = np.zeros((4, 6, 3), np.uint16)
    values[0, 0] = 65535
    cv2.imwrite(str(tmp_path / "a.tif"), values)
    from faceswap.media import deep_pictures

    assert deep_pictures._upright(values, orientation)[corner].all()


@pytest.mark.parametrize("damage", ["cut", "header", "window", "parts"])
def test_damaged_exr_is_one_line(tmp_path, damage):
    path = tmp_path / "a.exr"
    data = bytearray(encode_exr(np.zeros((8, 8, 3), np.float32), alpha=None, primaries=1, metadata={}))
    if damage == "cut":
        data = data[:-30]
    elif damage == "header":
        data = data[:60]
    elif damage == "window":
        place = data.index(b"displayWindow\0box2i\0") + 24
        data[place : place + 16] = struct.pack("<4i", 0, 0, 2**30, 2**30)
    else:
        data[5] |= 0x10
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match="cannot read the picture") as told:
        read_exr(path) if damage == "cut" else exr_header(path)
    assert "\n" not in str(told.value)


def test_sizes_may_differ_in_a_folder_and_not_in_a_film(tmp_path):
    (tmp_path / "in").mkdir()
    for number, size in enumerate(((32, 24), (40, 24))):
        values = np.clip(ramp("gbrp16le", size, PQ).rgb() * 65535, 0, 65535).astype(np.uint16)
        cv2.imwrite(str(tmp_path / "in" / f"{number}.png"), values)
    written(tmp_path / "in", tmp_path / "out")
    assert depth_of(tmp_path / "out" / "1.png") == 16
    with pytest.raises(UserError, match="pictures of different sizes go into a folder"):
        written(tmp_path / "in", tmp_path / "out.mp4")


def test_a_folder_of_films_pictures_needs_one_frame(tmp_path, film):
    writer = ImageSequenceWriter(tmp_path / "out", probe(film), pattern="%d.exr")
    with pytest.raises(UserError, match="gave no picture"), writer:
        pass


def test_gaps_are_told_once_and_patterns_are_read(film, tmp_path, caplog):
    written(film, tmp_path / "in", "x_%04d.exr")
    (tmp_path / "in" / "x_0001.exr").rename(tmp_path / "in" / "x_0009.exr")
    assert len(probe(tmp_path / "in" / "x_%04d.exr").files) == 2
    caplog.clear()
    for out in ("out", "out.mkv"):
        written(tmp_path / "in" / "x_%04d.exr", tmp_path / out)
    assert [record.getMessage().partition("lacks ")[2] for record in caplog.records] == [
        "the numbers 1-8; it is taken without them"
    ] * 2
