"""A part of a picture that the disk has lost is told, and no whole picture is called damaged."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceswap.media.pictures.holes import _zeros_are_absurd
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


def progressive(image: Image.Image, quality: int = 92) -> bytes:
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=quality, progressive=True)
    return stored.getvalue()


@pytest.mark.parametrize("place", [0.5, 0.7, 0.9])
def test_zeros_in_a_progressive_picture_are_refused(tmp_path: Path, place: float) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(with_hole(progressive(Image.fromarray(COLOURS)), place))
    with pytest.raises(UserError, match="zeros"):
        read_image(path)


@pytest.mark.parametrize("kind", ["flat", "bars", "checks", "ramp"])
def test_even_progressive_pictures_are_whole(tmp_path: Path, kind: str) -> None:
    y, x = np.mgrid[:800, :1000]
    grey = {"flat": 0 * x, "bars": x % 8 // 4 * 255, "checks": (x // 8 + y // 8) % 2 * 255, "ramp": x * 255 // 1000}[
        kind
    ]
    for quality in (20, 75, 95):
        path = tmp_path / f"{quality}.jpg"
        path.write_bytes(progressive(Image.fromarray(grey.astype(np.uint8)), quality) + bytes(5000))
        assert read_image(path).shape == (800, 1000, 3)


def test_zeros_may_be_a_flat_picture_of_an_encoder_that_counts_no_blocks() -> None:
    scan = bytes([1, 1, 0, 1, 63, 0])
    assert not _zeros_are_absurd(0xC2, {0x10: b"\x00\x01\x11"}, scan)
    assert _zeros_are_absurd(0xC2, {0x10: b"\x00\x10\x01"}, scan)
    assert not _zeros_are_absurd(0xC2, {0x10: b"\x01"}, bytes([1, 1, 0, 0, 0, 1]))  # of first coefficients
