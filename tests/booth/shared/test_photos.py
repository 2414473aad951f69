"""What visitors send: kinds and bounds, before anything is decoded."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from faceswap.booth.shared.photos import keep_photo
from faceswap.utils.errors import UserError
from tests.souvenir.photos import encoded


def png_that_says(width: int, height: int) -> bytes:
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big") + b"\0\0\1\0IDAT" + b"\0" * 260


REFUSED = {
    "nothing": (b"", "empty"),
    "50,000 x 50,000": (png_that_says(50_000, 50_000), "pixels"),
    "81 million pixels": (png_that_says(9_000, 9_000), "more pixels than are accepted"),
    "a vector picture": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "cannot be read"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "cannot be read"),
    "an archive": (b"PK\x03\x04" + b"\0" * 500, "cannot be read"),
    "a program": (b"\x7fELF" + b"\0" * 500, "cannot be read"),
    "an animation": (encoded("GIF"), "cannot be read"),
    "a cut PNG": (encoded("PNG", (400, 300))[:-30], "cannot be read"),
    "only its beginning": (b"\xff\xd8\xff\xe0" + b"<?php echo 1 ?>" * 20, "cannot be read"),
    "a broken HEIC": (b"\0\0\0\x18ftypheic" + b"\0" * 400, "cannot be read"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_in_a_line(tmp_path, name):
    content, words = REFUSED[name]
    with pytest.raises(UserError, match=words) as caught:
        keep_photo(content, tmp_path / "photo.jpg")
    assert "\n" not in str(caught.value) and str(tmp_path) not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_picture_that_unpacks_to_much_more_is_bounded_by_its_pixels(tmp_path):
    packed = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(packed, "PNG")  # 900 million pixels in 110 kB
    assert len(packed.getvalue()) < 1_000_000
    with pytest.raises(UserError, match="pixels"):
        keep_photo(packed.getvalue(), tmp_path / "photo.jpg")


def test_a_file_that_is_too_large_is_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("faceswap.booth.shared.photos.VISITOR_PHOTO_BYTES", 100)
    with pytest.raises(UserError, match="more than the 100"):
        keep_photo(encoded("JPEG", (400, 300)), tmp_path / "photo.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_photo_is_kept_as_it_was_sent(tmp_path, kind):
    photo = encoded(kind)
    keep_photo(photo, tmp_path / "photo.jpg")
    assert (tmp_path / "photo.jpg").read_bytes() == photo
    with pytest.raises(UserError, match="something else"):
        keep_photo(photo, tmp_path / "photo.jpg")
