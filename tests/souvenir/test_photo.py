"""A visitor's photo written anew: turns, metadata, what hides behind it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceswap.media.pictures.images import read_image
from faceswap.souvenir.photo import SIDE_PX, UNREADABLE, clean_photo
from faceswap.utils.errors import UserError
from tests.souvenir.photos import encoded


def cleaned(folder: Path, content: bytes) -> bytes:
    """What is left in the place of a photo, which is what is given back."""
    path = folder / "photo.jpg"
    path.write_bytes(content)
    image = clean_photo(path)
    assert np.abs(read_image(path).astype(int) - image).mean() < 3 and list(folder.iterdir()) == [path]
    return path.read_bytes()


def test_a_phones_photo_is_upright_and_says_nothing_of_where_it_was_taken(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    exif[0x010F] = "ACME phone"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    clean = cleaned(tmp_path, encoded("JPEG", exif=exif, comment=b"home"))
    with Image.open(io.BytesIO(clean)) as image:
        assert image.size == (40, 60) and not dict(image.getexif()) and "comment" not in image.info
        assert np.asarray(image)[10].mean() > 200 > 50 > np.asarray(image)[50].mean()
    assert b"ACME" not in clean and b"home" not in clean


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_other_kinds_become_jpeg(tmp_path, kind):
    clean = cleaned(tmp_path, encoded(kind, (2 * SIDE_PX, 64)))
    with Image.open(io.BytesIO(clean)) as image:
        assert (image.format, image.size) == ("JPEG", (SIDE_PX, 32))


def test_what_hides_behind_a_photo_is_left_out(tmp_path):
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    clean = cleaned(tmp_path, encoded("JPEG", comment=b"<script>alert(1)</script>") + hidden.getvalue())
    assert b"script" not in clean and b"PK\x03\x04" not in clean


def test_half_a_photo_is_refused_and_nothing_of_it_kept(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded("JPEG", (400, 300))[:700])
    for _ in range(2):  # a job that is tried again says the same
        with pytest.raises(UserError) as caught:
            clean_photo(path)
        assert str(caught.value) == UNREADABLE
    assert not list(tmp_path.iterdir())
