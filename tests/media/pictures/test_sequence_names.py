from pathlib import Path

import pytest

from faceswap.media.pictures.sequence_names import (
    CountedNames,
    ListedNames,
    files_of_pattern,
    missing_numbers,
    split_pattern,
)
from faceswap.utils.errors import UserError


def test_names_are_counted():
    names = CountedNames("shot.%04d.exr")
    assert names.of(12) == "shot.0012.exr" and names.of(12345) == "shot.12345.exr"
    assert "shot.0007.exr" in names and "shot_0007.exr" not in names and "report.json" not in names


def test_names_of_files_are_kept_and_unique():
    names = ListedNames([Path("a/x.tif"), Path("b/x.tif"), Path("c.heic")])
    assert [names.of(index) for index in range(3)] == ["x.tif", "000001_x.tif", "c.png"]


@pytest.mark.parametrize(
    ("out", "parts"),
    [("frames", ("frames", "")), ("a.mp4", ("a.mp4", "")), ("a/b/x_%06d.png", ("a/b", "x_%06d.png")),
     ("100%/x.mp4", ("100%/x.mp4", "")), ("/tmp/f/%d.exr", ("/tmp/f", "%d.exr"))],
)  # fmt: skip
def test_folder_and_pattern(out, parts):
    assert split_pattern(out) == parts


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("x_%06d.png", "say out=frames/x_%06d.png"),
        ("f/%d_%d.png", "one counter"),
        ("f/%d.bmp", "written as"),
    ],
)
def test_other_patterns_are_one_line(out, said):
    with pytest.raises(UserError, match=said):
        split_pattern(out)


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["x_1.png", "x_2.png", "x_5.png", "x_7.png"], [(3, 4), (6, 6)]),
        (["x_0001.png", "x_0002.png"], []),
        (["x_1.png", "y_5.png"], []),
        (["anna.png", "bob.png"], []),
    ],
)
def test_gaps_of_a_sequence(names, missing):
    assert missing_numbers([Path(name) for name in names]) == missing


def test_files_of_a_pattern(tmp_path):
    for name in ("x_0001.exr", "x_12.exr", "x_a.exr", "y_0001.exr", "x_0001.png"):
        (tmp_path / name).touch()
    assert sorted(path.name for path in files_of_pattern(tmp_path / "x_%04d.exr")) == ["x_0001.exr", "x_12.exr"]
    assert files_of_pattern(tmp_path / "x_0001.exr") == [] == files_of_pattern(tmp_path / "none" / "%d.png")
