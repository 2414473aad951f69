"""Frames come out once each, upright, in true colours, at their times; what is broken says so."""

import itertools
import logging
import os
from fractions import Fraction

import av
import numpy as np
import pytest

from faceswap.media.pictures.images import write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.media.writing import VideoWriter
from faceswap.utils.errors import UserError
from tests.media.made_films import Film, make_film, picture


def test_every_frame_once_with_its_time_and_colours(tmp_path):
    film = Film()
    path = make_film(tmp_path / "film.mp4", film)
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == list(range(20))
    assert np.allclose([frame.seconds for frame in frames], film.seconds)
    for frame in frames:
        assert frame.image.flags.writeable
        difference = frame.image.astype(int) - picture(96, 64, frame.index)
        assert np.abs(difference).mean() < 2.0
        assert np.abs(difference.mean((0, 1))).max() < 0.7  # no shift of any channel


@pytest.mark.parametrize(
    ("pixel_format", "codec", "colour", "suffix"),
    [
        ("yuv420p", "libx264", (1, 6, 6, 6), ".mp4"),
        ("yuv420p", "libx264", (2, 1, 1, 1), ".mp4"),
        ("yuv420p", "libx264", (0, 2, 2, 2), ".mp4"),
        ("yuv422p", "libx264", (1, 1, 1, 1), ".mp4"),
        ("yuv444p", "libx264", (1, 1, 1, 1), ".mkv"),
        ("yuv420p10le", "libx264", (1, 1, 1, 1), ".mkv"),
        ("yuv420p10le", "libx264", (1, 9, 9, 18), ".mkv"),
        ("yuvj420p", "mjpeg", (2, 5, 2, 2), ".avi"),
        ("bgr0", "ffv1", (2, 0, 1, 1), ".mkv"),
        ("rgba", "png", (2, 0, 1, 1), ".mov"),
    ],
)
def test_colours_survive_every_format(tmp_path, pixel_format, codec, colour, suffix):
    film = Film(pixel_format=pixel_format, codec=codec, colour=colour, sound=(), ticks=(0, 1, 2))
    frames = list(read_frames(make_film(tmp_path / f"film{suffix}", film)))
    assert len(frames) == 3
    difference = frames[2].image.astype(int) - picture(96, 64, 2)
    assert np.abs(difference.mean((0, 1))).max() < 1.2
    assert np.abs(difference).mean() < 3.0


@pytest.mark.parametrize(("rotation", "corner"), [(90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_a_rotation_tag_is_applied(tmp_path, rotation, corner):
    path = make_film(tmp_path / "film.mp4", Film(rotation=rotation, ticks=(0, 1), sound=()))
    info = probe(path)
    frame = next(read_frames(info))
    assert (info.width, info.height) == ((96, 64) if rotation == 180 else (64, 96))
    assert (frame.width, frame.height) == (info.width, info.height)
    # The red corner, top left as stored, is turned counter-clockwise by the tag's angle.
    assert np.abs(frame.image[corner].astype(int) - (230, 30, 40)).max() < 12
    assert info.rotation_degrees == -rotation % 360


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(4, 3), (128, 64)), (Fraction(1, 2), (96, 128))])
def test_pixels_are_made_square_without_losing_any(tmp_path, aspect, size):
    path = make_film(tmp_path / "film.mp4", Film(aspect=aspect, ticks=(0, 1), sound=()))
    info = probe(path)
    assert (info.width, info.height) == size
    assert (info.stored_width, info.stored_height) == (96, 64)
    assert {frame.image.shape for frame in read_frames(path)} == {(size[1], size[0], 3)}


def test_ranges_keep_indices_and_times(tmp_path):
    film = Film(ticks=(3, 4, 9, 10, 17, 30, 31))
    path = make_film(tmp_path / "film.mkv", film)
    frames = list(read_frames(path, 2, 5))
    assert [frame.index for frame in frames] == [2, 3, 4]
    assert np.allclose([frame.seconds for frame in frames], film.seconds[2:5], atol=0.0006)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(tmp_path, threads):
    path = make_film(tmp_path / "film.mp4", Film())
    one = [frame.image for frame in read_frames(path)]
    assert np.array_equal(one, [frame.image for frame in read_frames(path, threads=threads)])


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (5, 5), (5, 2)])
def test_an_impossible_range_is_refused(tmp_path, start, stop):
    with pytest.raises(UserError, match="stop greater than start"):
        next(read_frames(tmp_path, start, stop))


def test_a_start_behind_the_end_names_file_and_length(tmp_path):
    path = make_film(tmp_path / "film.mp4", Film(ticks=(0, 1)))
    with pytest.raises(UserError, match=r"film\.mp4 .* from number 7 on; it holds 2"):
        next(read_frames(path, 7))


def test_a_film_cut_off_gives_what_there_is_and_one_warning(tmp_path, caplog):
    path = make_film(tmp_path / "film.mkv", Film(ticks=tuple(range(60)), sound=()))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with caplog.at_level(logging.WARNING):
        frames = list(read_frames(path))
    assert 5 < len(frames) < 60
    assert len(caplog.records) <= 1


def test_damaged_packets_are_passed_over(tmp_path, caplog):
    path = make_film(tmp_path / "film.mp4", Film(ticks=tuple(range(40)), sound=()))
    data = bytearray(path.read_bytes())
    data[1500:4500] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        frames = list(read_frames(path))
    seconds = [frame.seconds for frame in frames]
    assert frames and all(later > earlier for earlier, later in itertools.pairwise(seconds))
    assert [record for record in caplog.records if "film.mp4" in record.getMessage()]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"just some text\n" * 99, "damaged, cut off or no video"),
        (bytes(range(256)) * 20, "damaged, cut off"),
    ],
)
def test_what_is_no_film_gets_one_line(tmp_path, content, reason):
    path = tmp_path / "no film.mp4"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as caught:
        list(read_frames(path))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_sound_alone_is_no_film(tmp_path):
    path = make_film(tmp_path / "film.mp4", Film(ticks=(), sound=("aac",)))
    with pytest.raises(UserError, match=r"no frame can be decoded|no video stream"):
        list(read_frames(path))


def test_a_pipe_is_refused_and_never_waited_for(tmp_path):
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    with pytest.raises(UserError, match="not a regular file"):
        probe(path)


def test_a_folder_passes_over_what_it_cannot_read(tmp_path, caplog):
    for number in (10, 2, 1):
        write_image(tmp_path / f"{number}.png", picture(20 + number, 16))
    (tmp_path / "3.png").write_bytes(b"broken")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "deeper.png").mkdir()
    info = probe(tmp_path)
    with caplog.at_level(logging.WARNING):
        frames = list(read_frames(info))
    assert [file.name for file in info.files] == ["1.png", "2.png", "3.png", "10.png"]
    assert [(frame.index, frame.width) for frame in frames] == [(0, 21), (1, 22), (3, 30)]
    assert "3.png" in caplog.text and "1 of 4" in caplog.text


def test_an_animation_has_its_own_times(tmp_path):
    from PIL import Image

    images = [Image.fromarray(picture(32, 24, number)) for number in range(3)]
    path = tmp_path / "moving.gif"
    images[0].save(path, save_all=True, append_images=images[1:], duration=[50, 200, 100])
    info = probe(path)
    assert (info.kind, info.frame_count, info.duration_seconds) == ("animation", 3, 0.35)
    assert [frame.seconds for frame in read_frames(info)] == [0.0, 0.05, 0.25]


def test_a_film_cut_without_encoding_is_not_called_cut_off(tmp_path, caplog):
    import av

    source = make_film(tmp_path / "in.mp4", Film(ticks=tuple(range(40)), sound=()))
    with av.open(str(source)) as film, av.open(str(tmp_path / "cut.mp4"), "w") as output:
        stream = output.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(film.streams.video[0]):
            if packet.size:  # the first third lies before 0, which the index keeps and the edit list hides
                ticks = round(13 / 25 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - ticks, packet.dts - ticks, stream
                output.mux(packet)
    with caplog.at_level(logging.WARNING):
        frames = list(read_frames(tmp_path / "cut.mp4"))
    assert len(frames) < 40
    assert caplog.records == []


def test_a_film_that_lost_its_end_is_called_cut_off(tmp_path, caplog):
    path = make_film(tmp_path / "in.mov", Film(ticks=tuple(range(60)), sound=()))
    data = path.read_bytes()
    faststart = tmp_path / "fast.mov"
    import av

    with (
        av.open(str(path)) as film,
        av.open(str(faststart), "w", format="mov", container_options={"movflags": "faststart"}) as output,
    ):
        stream = output.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(film.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    data = faststart.read_bytes()
    faststart.write_bytes(data[: len(data) * 7 // 10])
    with caplog.at_level(logging.WARNING):
        frames = list(read_frames(faststart))
    assert 5 < len(frames) < 60
    assert len(caplog.records) == 1


def test_a_film_without_its_end_is_told(tmp_path, caplog):
    whole = make_film(tmp_path / "whole.mkv", Film(ticks=tuple(range(60)), sound=()))
    info = probe(whole)
    assert len(list(read_frames(info))) == 60 and not caplog.messages
    film = make_film(tmp_path / "film.mp4", Film(ticks=tuple(range(60)), sound=()))
    shown = VideoWriter(tmp_path / "shown.mp4", probe(film))  # its index lies before the pictures
    with shown:
        for frame in read_frames(film):
            shown.write(frame)
    with av.open(tmp_path / "shown.mp4") as container:
        places = sorted(packet.pos for packet in container.demux(video=0) if packet.size)
    data = (tmp_path / "shown.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: places[40]])  # between two packets: no packet is damaged
    assert 30 < len(list(read_frames(tmp_path / "cut.mp4"))) <= 40
    assert any("may be cut off" in message for message in caplog.messages)


def test_only_the_wanted_frames_come(tmp_path):
    path = make_film(tmp_path / "film.mp4", Film())
    every = list(read_frames(path))
    some = list(read_frames(path, 2, 15, only={1, 4, 9, 17}))
    assert [frame.index for frame in some] == [4, 9]
    assert all((frame.image == every[frame.index].image).all() for frame in some)
    for index in range(4):
        write_image(tmp_path / "pictures" / f"{index}.png", picture(16, 16, index))
    assert [frame.index for frame in read_frames(tmp_path / "pictures", only={0, 3})] == [0, 3]
