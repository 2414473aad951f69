"""A result beside its source: both at the right time, with the source's sound."""

import numpy as np
import pytest

from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.presentation import SideBySide
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from tests.media.made_films import Film, make_film, picture, sound_packets


def side_by_side(left, right, out, **how):
    return SideBySide(probe(left), probe(right), **how).write(out)


def panels(image, width=96, height=64):
    """The pictures under the labels."""
    shown = image[image.shape[0] - height :]
    return shown[:, :width].astype(int), shown[:, width:].astype(int)


def test_two_films_run_together_with_the_left_ones_sound(tmp_path):
    film = Film(ticks=(0, 1, 2, 3, 9, 10, 11, 12, 13, 14), sound_seconds=0.6)
    left = make_film(tmp_path / "left.mp4", film)
    right = make_film(tmp_path / "right.mp4", film)
    out = side_by_side(left, right, tmp_path / "both.mp4", metadata={"made_with_ai": "yes"})
    info = probe(out)
    assert info.width == 192 and info.height > 64
    frames = list(read_frames(out))
    assert len(frames) == 15  # a constant rate: the still stretch is filled
    assert np.allclose([frame.seconds for frame in frames], np.arange(15) / 25, atol=1e-4)
    for number, shown in ((0, 0), (3, 3), (7, 3), (9, 4), (14, 9)):
        for panel in panels(frames[number].image):
            assert np.abs(panel - picture(96, 64, shown)).mean() < 4
    assert frames[0].image[: info.height - 64].max() > 150  # the labels
    assert [data for _, data in sound_packets(out)[0]] == [data for _, data in sound_packets(left)[0]]


def test_a_range_of_the_left_film_meets_its_result(tmp_path):
    left = make_film(tmp_path / "left.mp4", Film(ticks=tuple(range(40)), sound_seconds=1.6))
    right = make_film(tmp_path / "right.mp4", Film(ticks=tuple(range(10)), sound=()))
    frames = list(read_frames(side_by_side(left, right, tmp_path / "both.mp4", start=15, stop=25)))
    assert len(frames) == 10
    first_left, first_right = panels(frames[0].image)
    assert np.abs(first_left - picture(96, 64, 15)).mean() < 4
    assert np.abs(first_right - picture(96, 64, 0)).mean() < 4


def test_another_shape_is_fitted_in(tmp_path):
    left = make_film(tmp_path / "left.mp4", Film(sound=()))
    right = make_film(tmp_path / "right.mp4", Film(size=(64, 96), sound=()))
    _, panel = panels(next(read_frames(side_by_side(left, right, tmp_path / "both.mp4"))).image)
    assert panel[:, :20].mean() < 8 and panel[:, 40:56].mean() > 40


@pytest.mark.parametrize("as_folder", [False, True])
def test_pictures_stay_pictures(tmp_path, as_folder):
    for side in ("left", "right"):
        write_image(tmp_path / side / "a.png", picture(40, 30))
        write_image(tmp_path / side / "b.png", picture(50, 30))
    name = "" if as_folder else "a.png"
    out = side_by_side(
        tmp_path / "left" / name, tmp_path / "right" / name, tmp_path / ("both" if as_folder else "both.png")
    )
    image = read_image(out / "a.png" if as_folder else out)
    for panel in panels(image, 40, 30):
        assert np.abs(panel - picture(40, 30)).max() == 0


def test_pictures_become_a_film_beside_each_other(tmp_path):
    for side in ("left", "right"):
        for name in ("a.png", "b.png"):
            write_image(tmp_path / side / name, picture(40, 30))
    out = side_by_side(tmp_path / "left", tmp_path / "right", tmp_path / "both.mp4")
    frames = list(read_frames(out))
    assert len(frames) == 2 and frames[0].width == 80


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".mp4"])
def test_sound_that_is_longer_does_not_lengthen_the_pictures(tmp_path, suffix):
    left = make_film(tmp_path / f"left{suffix}", Film(ticks=tuple(range(50)), sound_seconds=3.04))
    right = make_film(tmp_path / f"right{suffix}", Film(ticks=tuple(range(50)), sound_seconds=3.04))
    assert len(list(read_frames(side_by_side(left, right, tmp_path / f"both{suffix}")))) == 50


@pytest.mark.parametrize("late", [2_000_000 * 25, 1000 * 25])
def test_a_late_picture_makes_no_more_frames_than_there_are(tmp_path, late):
    ticks = (*range(10), late, late + 1)
    left = make_film(tmp_path / "left.mkv", Film(ticks=ticks, sound=()))
    right = make_film(tmp_path / "right.mkv", Film(ticks=ticks, sound=()))
    frames = list(read_frames(side_by_side(left, right, tmp_path / "both.mp4")))
    assert len(frames) == 12
    for frame, shown in ((frames[9], 9), (frames[11], 11)):
        for panel in panels(frame.image):
            assert np.abs(panel - picture(96, 64, shown)).mean() < 4
