"""Nothing is lost on the way out: frames, times, colours, sound; nothing half-written has a final name."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from faceswap.core.values import Frame
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.video.coding import Coding
from faceswap.media.writing import VideoWriter, writer_for
from faceswap.utils.errors import UserError
from tests.media.made_films import Film, click_seconds, make_film, picture, sound_packets

CLOCK = Fraction(1, 15360)
VARIABLE = tuple(int(t) for t in np.cumsum([512, 512, 2048, 512, 1024, 700, 512, 3000, 512, 512] * 3))
COLOURS = [(1, 1, 1, 1), (1, 6, 6, 6), (1, 5, 5, 6), (2, 1, 1, 1), (1, 9, 9, 18), (0, 2, 2, 2)]


def copy(source, target, start=0, stop=None, metadata=None):
    """Reads and writes without a change; returns the frames read."""
    info = probe(source)
    frames = list(read_frames(info, start, stop))
    with VideoWriter(target, info, start=start, stop=stop, coding=Coding(crf=4), metadata=metadata) as writer:
        for frame in frames:
            writer.write(frame)
    return frames


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("ticks", [tuple(range(0, 15360, 512)), VARIABLE, tuple(23047 + t for t in VARIABLE)])
def test_times_and_frame_count_are_kept(tmp_path, ticks, suffix):
    source = make_film(tmp_path / "in.mp4", Film(ticks=ticks, time_base=CLOCK))
    read = copy(source, tmp_path / f"out{suffix}")
    written = list(read_frames(tmp_path / f"out{suffix}"))
    assert len(written) == len(read) == len(ticks)
    tolerance = 0.00051 if suffix == ".mkv" else 1e-6  # Matroska counts in milliseconds
    times = [[frame.seconds for frame in frames] for frames in (read, written)]
    assert np.allclose(*times, atol=tolerance)


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_and_tags_are_kept(tmp_path, colour):
    source = make_film(tmp_path / "in.mp4", Film(colour=colour, ticks=(0, 1, 2)))
    read = copy(source, tmp_path / "out.mp4")
    assert probe(tmp_path / "out.mp4").colour == probe(source).colour
    for before, after in zip(read, read_frames(tmp_path / "out.mp4"), strict=True):
        difference = after.image.astype(int) - before.image
        assert np.abs(difference).mean() < 1.5
        assert np.abs(difference.mean((0, 1))).max() < 0.5


def test_rgb_becomes_limited_bt709(tmp_path):
    source = make_film(tmp_path / "in.mkv", Film(codec="ffv1", pixel_format="bgr0", colour=(2, 0, 1, 1), ticks=(0, 1)))
    copy(source, tmp_path / "out.mp4")
    colour = probe(tmp_path / "out.mp4").colour
    assert (colour.range, colour.matrix) == (1, 1)


@pytest.mark.parametrize("size", [(97, 63), (96, 63), (97, 64)])
def test_odd_sizes_are_kept(tmp_path, size):
    source = make_film(tmp_path / "in.mkv", Film(codec="ffv1", pixel_format="bgr0", colour=(2, 0, 1, 1), size=size))
    copy(source, tmp_path / "out.mp4")
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height, info.pixel_format) == (*size, "yuv444p")


def test_the_result_is_upright_without_a_tag(tmp_path):
    source = make_film(tmp_path / "in.mp4", Film(rotation=90, ticks=(0, 1)))
    read = copy(source, tmp_path / "out.mp4")
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height, info.rotation_degrees) == (64, 96, 0)
    after = next(read_frames(info)).image.astype(int)
    assert np.abs(after - read[0].image).mean() < 1.5


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_all_sound_is_copied_bit_for_bit(tmp_path, suffix):
    film = Film(sound=("aac", "aac"), sound_seconds=2.5, ticks=tuple(5 + n for n in range(20)))
    source = make_film(tmp_path / "in.mp4", film)
    copy(source, tmp_path / f"out{suffix}")
    before, after = sound_packets(source), sound_packets(tmp_path / f"out{suffix}")
    if suffix == ".mkv":  # which has no place for the codec's run-in before time 0
        before = [[packet for packet in track if packet[0] >= 0] for track in before]
    assert len(after) == 2
    for track_before, track_after in zip(before, after, strict=True):
        assert [data for _, data in track_before] == [data for _, data in track_after]
        assert np.allclose([s for s, _ in track_before], [s for s, _ in track_after], atol=0.001)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("start", "stop"), [(0, 30), (20, 60), (70, None)])
def test_a_range_takes_its_sound_along(tmp_path, start, stop, suffix):
    film = Film(ticks=tuple(range(100)), sound_seconds=4.5)
    source = make_film(tmp_path / "in.mp4", film)
    read = copy(source, tmp_path / f"out{suffix}", start, stop)
    begin = read[0].seconds if start else -1.0
    end = read[-1].seconds + 0.04 if stop else 99.0
    shift = read[0].seconds if start else 0.0
    expected = [packet for packet in sound_packets(source)[0] if begin <= packet[0] < end - 1e-9]
    if suffix == ".mkv":
        expected = [packet for packet in expected if packet[0] - shift >= 0]
    written = sound_packets(tmp_path / f"out{suffix}")[0]
    assert [data for _, data in written] == [data for _, data in expected]
    assert np.allclose([s for s, _ in written], [s - shift for s, _ in expected], atol=0.001)
    times = [frame.seconds for frame in read_frames(tmp_path / f"out{suffix}")]
    assert np.allclose(times, [frame.seconds - shift for frame in read], atol=0.001)


@pytest.mark.parametrize(("codec", "suffix_in", "suffix_out"), [("pcm_s16le", ".mov", ".mp4"), ("aac", ".mp4", ".mov")])
@pytest.mark.parametrize("start", [0, 15])
def test_flash_and_click_stay_together(tmp_path, codec, suffix_in, suffix_out, start):
    film = Film(ticks=tuple(range(50)), flash=30, sound=(codec,), sound_seconds=2)
    source = make_film(tmp_path / f"in{suffix_in}", film)
    copy(source, tmp_path / f"out{suffix_out}", start)
    brightest = max(read_frames(tmp_path / f"out{suffix_out}"), key=lambda frame: frame.image.mean())
    assert brightest.seconds == pytest.approx((30 - start) / 25, abs=1e-6)
    assert click_seconds(tmp_path / f"out{suffix_out}") == pytest.approx(brightest.seconds, abs=0.015)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_metadata_are_read_back(tmp_path, suffix):
    about = {"comment": "Made with AI", "made_with_ai": "faceswap 0.1, größer = 7; x"}
    copy(make_film(tmp_path / "in.mp4", Film(ticks=(0, 1))), tmp_path / f"out{suffix}", metadata=about)
    with av.open(str(tmp_path / f"out{suffix}")) as film:
        found = {key.lower(): value for key, value in film.metadata.items()}
    assert found["made_with_ai"] == about["made_with_ai"] and found["comment"].startswith("Made with AI [pictures ")


def test_an_error_leaves_nothing_behind(tmp_path):
    info = probe(make_film(tmp_path / "in.mp4", Film()))
    with pytest.raises(KeyError), VideoWriter(tmp_path / "out.mp4", info) as writer:
        writer.write(next(read_frames(info)))
        assert not (tmp_path / "out.mp4").exists()
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_an_earlier_result_survives_an_error(tmp_path):
    info = probe(make_film(tmp_path / "in.mp4", Film()))
    (tmp_path / "out.mp4").write_text("earlier")
    with pytest.raises(UserError, match="gave no frame"), VideoWriter(tmp_path / "out.mp4", info):
        pass
    assert (tmp_path / "out.mp4").read_text() == "earlier"


def test_a_frame_of_another_size_is_refused(tmp_path):
    info = probe(make_film(tmp_path / "in.mp4", Film()))
    with (
        pytest.raises(UserError, match="frame 3 is 8 x 8, the film 96 x 64"),
        VideoWriter(tmp_path / "o.mp4", info) as w,
    ):
        w.write(Frame(picture(8, 8), 3, 0.0))
    assert not (tmp_path / "o.mp4").exists()


@pytest.mark.parametrize(
    ("options", "message"), [({"preset": "quick"}, "x264 has ultrafast"), ({"crf": 99}, "crf must be 0")]
)
def test_wrong_settings_tell_the_right_ones(options, message):
    with pytest.raises(UserError, match=message):
        Coding(**options)


def test_times_on_one_tick_are_pulled_apart(tmp_path):
    info = replace(probe(make_film(tmp_path / "in.mp4", Film(sound=()))), time_base=Fraction(1, 25))
    with VideoWriter(tmp_path / "out.mp4", info) as writer:
        for number, seconds in enumerate((0.0, 0.001, 0.002, 1.0)):
            writer.write(Frame(picture(96, 64), number, seconds))
    assert len(list(read_frames(tmp_path / "out.mp4"))) == 4


def test_pictures_become_a_folder_of_the_same_names(tmp_path):
    names = ["a.jpg", "b.png", "b.tif"]
    (tmp_path / "in").mkdir()
    for name in names[:2]:
        write_image(tmp_path / "in" / name, picture(20, 16))
    (tmp_path / "in" / "b.tif").write_bytes((tmp_path / "in" / "b.png").read_bytes())
    info = probe(tmp_path / "in")
    for _ in range(2):  # an earlier result is replaced
        with writer_for(info, tmp_path / "out", metadata={"made_with_ai": "yes"}) as writer:
            for frame in read_frames(info):
                writer.write(frame)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.jpg", "b.png", "b.tif", "report.json",
    ]  # fmt: skip
    assert np.array_equal(read_image(tmp_path / "out" / "b.png"), picture(20, 16))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_folder_with_other_things_is_never_replaced(tmp_path):
    write_image(tmp_path / "in" / "a.png", picture(20, 16))
    write_image(tmp_path / "in" / "b.png", picture(20, 16))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="holds other files"), writer_for(probe(tmp_path / "in"), tmp_path / "out"):
        pass
    assert (tmp_path / "out" / "letter.txt").exists()


def test_one_picture_becomes_one_picture(tmp_path):
    write_image(tmp_path / "a.png", picture(20, 16))
    info = probe(tmp_path / "a.png")
    with writer_for(info, tmp_path / "out.jpg") as writer:
        writer.write(next(read_frames(info)))
    assert read_image(tmp_path / "out.jpg").shape == (16, 20, 3)


@pytest.mark.parametrize("name", ["out.avi", "out.jpg"])
def test_a_film_does_not_become_anything(tmp_path, name):
    info = probe(make_film(tmp_path / "in.mp4", Film(ticks=(0,))))
    with pytest.raises(UserError, match=r"use a folder or \.mp4"):
        writer_for(info, tmp_path / name)


@pytest.mark.parametrize(
    "name", ["out.webm", "out.gif", "out.tiff", "out.HEIC", "out.avi", "out.mp3", "out.png", "out.svg"]
)
def test_a_folder_is_not_called_like_a_file(tmp_path, name):
    for number in range(2):
        write_image(tmp_path / "in" / f"{number}.png", picture(20, 16))
    with pytest.raises(UserError, match=rf"as {name}; use a folder or \.mp4"):
        writer_for(probe(tmp_path / "in"), tmp_path / name)
    with pytest.raises(UserError, match="use "):
        writer_for(probe(tmp_path / "in" / "0.png"), tmp_path / name.replace("png", "bmp").replace("tiff", "jp2"))


def test_a_folder_may_have_a_dot(tmp_path):
    write_image(tmp_path / "in" / "a.png", picture(20, 16))
    writer_for(probe(tmp_path / "in"), tmp_path / "faces.v2")
