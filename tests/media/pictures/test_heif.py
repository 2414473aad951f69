"""Pictures of telephones are read whole and upright, alone and among others."""

import numpy as np
import pytest

from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from tests.media.heic import make_grid
from tests.media.made_films import picture


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_tiles_are_put_together_and_turned(tmp_path, suffix, quarter_turns):
    stored = picture(150, 100)
    path = make_grid(tmp_path / f"in{suffix}", stored, quarter_turns=quarter_turns)
    wanted = np.rot90(stored, quarter_turns)
    info = probe(path)
    assert (info.kind, info.width, info.height, info.is_still) == ("images", wanted.shape[1], wanted.shape[0], True)
    shown = next(read_frames(info)).image
    assert shown.shape == wanted.shape
    assert np.abs(shown.astype(int) - wanted).mean() < 4


def test_another_name_changes_nothing(tmp_path):
    make_grid(tmp_path / "in.heic", picture(150, 100)).rename(tmp_path / "in.jpg")
    assert read_image(tmp_path / "in.jpg").shape == (100, 150, 3)


def test_a_folder_gives_all_its_pictures(tmp_path):
    write_image(tmp_path / "1.jpg", picture(30, 20))
    make_grid(tmp_path / "2.heic", picture(130, 70))
    make_grid(tmp_path / "3.heic", picture(70, 130)).rename(tmp_path / "3.HEIC")
    assert [frame.image.shape[:2] for frame in read_frames(tmp_path)] == [(20, 30), (70, 130), (130, 70)]


def test_pictures_of_unread_formats_are_named(tmp_path, caplog):
    write_image(tmp_path / "1.jpg", picture(30, 20))
    for name in ("2.CR2", "3.jxl", "4.jxl", "notes.txt", ".5.jxl"):
        (tmp_path / name).write_bytes(b"x")
    assert len(list(read_frames(tmp_path))) == len(list(read_frames(tmp_path))) == 1  # listed twice, told once
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: 3 pictures left out: .cr2, .jxl cannot be read; make them JPEG or PNG"
    ]


@pytest.mark.parametrize("brand", [b"msf1", b"hevc", b"isom"])
@pytest.mark.parametrize("name", ["burst.heic", "film.jpg"])
def test_a_sequence_and_a_film_are_told_with_the_way_out(tmp_path, tiny_clip, brand, name):
    content = tiny_clip.video.read_bytes()
    (tmp_path / name).write_bytes(content[:8] + brand + content[12:])
    with pytest.raises(UserError, match=r"it is a film or a sequence of pictures: name it \.mp4"):
        probe(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "film.mp4")
    assert probe(tmp_path / "film.mp4").kind == "video"


@pytest.mark.parametrize("missing", [10, 900])
@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_one_cut_off_is_told_and_never_read_as_a_film(tmp_path, missing, suffix):
    path = make_grid(tmp_path / f"in{suffix}", picture(150, 100))
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(UserError, match=r"cannot read the picture .*the file is cut off"):
        list(read_frames(path))
