"""What convert may write, what it takes from a face set, and what it does not do to pictures."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.face_sources.face_source import StoredFaces
from faceswap.compositing.results import report_path
from faceswap.core.face_set import FaceSet
from faceswap.media.pictures.colour_transfer import NoColour
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.reading import read_frames
from faceswap.utils.errors import UserError
from tests.compositing.clips import convert_video, write_face_set, write_film
from tests.compositing.fakes import IdentitySwapper, TintSwapper, smooth_picture


class _Never(IdentitySwapper):
    def swap(self, views: np.ndarray, to: str = "a") -> None:  # type: ignore[override]
        raise AssertionError("the work began")


def _film(folder: Path) -> tuple[Path, Path]:
    film = write_film(folder / "film.mp4", 6)
    return film, write_face_set(folder / "faces" / "film", film, list(range(6)))


def _shots(folder: Path, count: int = 4) -> Path:
    for i in range(count):
        write_image(folder / "shots" / f"{i}.png", smooth_picture(320, 240, i))
    return folder / "shots"


def test_pictures_are_not_bridged_steadied_or_remembered(tmp_path: Path) -> None:
    shots = _shots(tmp_path, 5)
    faces = write_face_set(tmp_path / "faces" / "shots", shots, [0, 1, 3, 4])
    alone = write_face_set(tmp_path / "faces" / "alone", shots, [4])
    all_of_them = convert_video(shots, TintSwapper(64), tmp_path / "all", faces=faces)
    just_one = convert_video(shots, TintSwapper(64), tmp_path / "one", faces=alone)
    assert json.loads((all_of_them / "report.json").read_text())["frames_without_face"] == 1
    np.testing.assert_array_equal(read_image(all_of_them / "2.png"), read_image(shots / "2.png"))
    np.testing.assert_array_equal(read_image(all_of_them / "4.png"), read_image(just_one / "4.png"))


def test_pictures_that_a_set_skipped_are_not_made_up(tmp_path: Path) -> None:
    folder = write_face_set(tmp_path / "faces", tmp_path, [0, 3])
    (folder / "report.json").write_text(json.dumps({"every": 3}))
    (frame,) = [f for f in read_frames(write_film(tmp_path / "f.mp4", 2, sound=False)) if f.index == 1]
    of_a_film = StoredFaces(FaceSet.open(folder))
    of_pictures = StoredFaces(FaceSet.open(folder), fill_frames=0, is_film=False)
    assert [len(faces) for _, faces in of_a_film.locate([frame])] == [1]
    assert [len(faces) for _, faces in of_pictures.locate([frame])] == [0]


def test_deleted_crops_leave_the_training_not_the_film(tmp_path: Path) -> None:
    film, faces = _film(tmp_path)
    for crop in [path for path in sorted(faces.iterdir()) if path.suffix in (".jpg", ".png")][:4]:
        crop.unlink()
    assert len(FaceSet.open(faces)) == 2
    out = convert_video(film, TintSwapper(64), tmp_path / "out.mp4", faces=faces, fill_frames=0)
    assert json.loads(report_path(out).read_text())["frames_without_face"] == 0


@pytest.mark.parametrize(
    ("blocked", "side_by_side"),
    [(name, beside) for name in ("out.mp4", "out.mp4.report.json") for beside in (False, True)]
    + [("out.side_by_side.mp4", True)],
)
def test_what_is_in_the_way_is_told_before_the_work(tmp_path: Path, blocked: str, side_by_side: bool) -> None:
    film, faces = _film(tmp_path)
    (tmp_path / blocked).mkdir()
    with pytest.raises(UserError, match="a folder has that name"):
        convert_video(film, _Never(64), tmp_path / "out.mp4", faces=faces, side_by_side=side_by_side)


def test_a_name_too_long_for_the_report_is_told_before_the_work(tmp_path: Path) -> None:
    film, faces = _film(tmp_path)
    with pytest.raises(UserError, match="file name too long"):
        convert_video(film, _Never(64), tmp_path / f"{'x' * 245}.mp4", faces=faces)


def test_the_comparison_is_never_the_source(tmp_path: Path) -> None:
    film, faces = _film(tmp_path)
    film = film.rename(tmp_path / "out.side_by_side.mp4")
    with pytest.raises(UserError, match="is the source"):
        convert_video(film, _Never(64), tmp_path / "out.mp4", faces=faces, side_by_side=True)


@pytest.mark.parametrize("out", ["swapped", "swapped.mp4"])
def test_pictures_beside_each_other_again_and_again(tmp_path: Path, out: str) -> None:
    shots = _shots(tmp_path)
    faces = write_face_set(tmp_path / "faces" / "shots", shots, [0, 1])
    for _ in range(2):
        convert_video(shots, TintSwapper(64), tmp_path / out, faces=faces, colour=NoColour(), side_by_side=True)
    both = tmp_path / (f"{out}.side_by_side" if out == "swapped" else "swapped.side_by_side.mp4")
    frames = list(read_frames(both))
    assert len(frames) == 4 and frames[0].width == 640


def test_any_file_name_works(tmp_path: Path) -> None:
    film, faces = _film(tmp_path)
    film = film.rename(tmp_path / os.fsdecode(b"caf\xe9 = [1].mp4"))
    out = convert_video(film, TintSwapper(64), tmp_path / os.fsdecode(b"\xff.mp4"), faces=faces, side_by_side=True)
    assert len(list(read_frames(out))) == 6 and report_path(out).is_file()
