"""A part of a picture that the disk has lost is told, and no whole picture is called damaged."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceswap.media.pictures.images import encode_image, read_image
from faceswap.utils.errors import UserError
from tests.media.made_films import picture

COLOURS = np.ascontiguousarray(picture(256, 256))


def with_hole(content: bytes, place: float, count: int = 1024) -> bytes:
    first = int(place * (len(content) - count))
    return content[:first] + bytes(count) + content[first + count :]


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_zeros_in_the_pixels_are_refused(tmp_path: Path, suffix: str, place: float) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(with_hole(encode_image(COLOURS, suffix), place))
    with pytest.raises(UserError, match=r"cannot read the picture .*(lost|zeros|cut off|damaged)"):
        read_image(path)


@pytest.mark.parametrize("how", [{}, {"optimize": True}, {"progressive": True}, {"quality": 5}])
def test_black_and_what_lies_behind_the_end_are_no_holes(tmp_path: Path, how: dict) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (1200, 900)).save(path, **how)
    with open(path, "ab") as file:
        file.write(bytes(5000))  # as some phones leave behind their pictures
    assert read_image(path).max() < 10


def test_a_hole_over_the_bound_of_two_parts_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faceswap.media.pictures.holes._PART_BYTES", 300)
    path = tmp_path / "a.jpg"
    path.write_bytes(with_hole(encode_image(COLOURS, ".jpg"), 0.5))
    with pytest.raises(UserError, match="zeros"):
        read_image(path)
