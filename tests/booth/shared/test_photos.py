"""What visitors send: kinds, bounds, turns, metadata."""

from __future__ import annotations

import io
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from faceswap.booth.shared.photos import SIDE_PX, clean_photo
from faceswap.utils.errors import UserError


def encoded(kind: str, size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:, : size[0] // 2] = 255  # the left half is white
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, **more)
    return out.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big") + b"\0\0\1\0IDAT" + b"\0" * 260


def test_a_phones_photo_is_upright_and_says_nothing_of_where_it_was_taken(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    exif[0x010F] = "ACME phone"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    clean = clean_photo(encoded("JPEG", exif=exif, comment=b"home"), tmp_path)
    with Image.open(io.BytesIO(clean)) as image:
        assert image.size == (40, 60) and not dict(image.getexif()) and "comment" not in image.info
        assert np.asarray(image)[10].mean() > 200 > 50 > np.asarray(image)[50].mean()
    assert b"ACME" not in clean and b"home" not in clean


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_become_jpeg(tmp_path, kind):
    clean = clean_photo(encoded(kind, (2 * SIDE_PX, 64)), tmp_path)
    with Image.open(io.BytesIO(clean)) as image:
        assert (image.format, image.size) == ("JPEG", (SIDE_PX, 32))


def test_what_hides_behind_a_photo_is_left_out(tmp_path):
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    clean = clean_photo(encoded("JPEG", comment=b"<script>alert(1)</script>") + hidden.getvalue(), tmp_path)
    assert b"script" not in clean and b"PK\x03\x04" not in clean


REFUSED = {
    "nothing": (b"", "empty"),
    "50,000 x 50,000": (png_that_says(50_000, 50_000), "pixels"),
    "a vector picture": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "cannot be read"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "cannot be read"),
    "an archive": (b"PK\x03\x04" + b"\0" * 500, "cannot be read"),
    "a program": (b"\x7fELF" + b"\0" * 500, "cannot be read"),
    "an animation": (encoded("GIF"), "cannot be read"),
    "half a photo": (encoded("JPEG", (400, 300))[:700], "cannot be read"),
    "only its beginning": (b"\xff\xd8\xff\xe0" + b"<?php echo 1 ?>" * 20, "cannot be read"),
    "a broken HEIC": (b"\0\0\0\x18ftypheic" + b"\0" * 400, "cannot be read"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_in_a_line(tmp_path, name):
    content, words = REFUSED[name]
    with pytest.raises(UserError, match=words) as caught:
        clean_photo(content, tmp_path)
    assert "\n" not in str(caught.value) and str(tmp_path) not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_picture_that_unpacks_to_much_more_is_bounded_by_its_pixels(tmp_path):
    packed = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(packed, "PNG")  # 900 million pixels in 110 kB
    assert len(packed.getvalue()) < 1_000_000
    with pytest.raises(UserError, match="pixels"):
        clean_photo(packed.getvalue(), tmp_path)


def test_a_file_that_is_too_large_is_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("faceswap.booth.shared.photos.VISITOR_PHOTO_BYTES", 100)
    with pytest.raises(UserError, match="more than the 100"):
        clean_photo(encoded("JPEG", (400, 300)), tmp_path)
