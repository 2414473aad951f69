"""Galleries as files: what was written comes back, what is none is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from faceswap.lookalike.gallery import Gallery, around, load_gallery
from faceswap.media.pictures.images import encode_image
from faceswap.utils.errors import UserError
from tests.lookalike.made import CURVE, codes_of, gallery_of


def test_a_gallery_comes_back(tmp_path):
    colours = [np.full((20, 20, 3), (200, 10 * n, 30), np.uint8) for n in range(6)]
    made = gallery_of(codes_of(6), 2, about={"people": "rendered"})
    photos = tuple(
        replace(photo, jpeg=encode_image(colour, ".jpg")) for photo, colour in zip(made.photos, colours, strict=True)
    )
    path = replace(made, photos=photos).save(tmp_path / "g.gallery.safetensors")
    read = load_gallery(path)
    assert read.names == made.names and read.calibration == CURVE and read.about == {"people": "rendered"}
    assert np.abs(read.codes() - made.codes()).max() < 0.01
    assert [photo.person for photo in read.photos] == [0, 0, 1, 1, 2, 2]
    assert np.abs(read.photos[4].picture().astype(int) - colours[4]).max() < 6


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("codes", lambda a: a[:-1]), ("codes", lambda a: a.astype(np.float32)), ("person", lambda a: a[::-1].copy()),
        ("person", lambda a: a + 1), ("ends", lambda a: a + 5), ("about", lambda a: a[:-3]), ("about", lambda a: a[:2]),
        ("boxes", lambda a: a * np.float32(np.nan)), ("pictures", None),
    ],
)  # fmt: skip
def test_a_damaged_gallery_is_one_line(tmp_path, name, spoil):
    path = gallery_of(codes_of(3)).save(tmp_path / "g.gallery.safetensors")
    arrays = load_file(path)
    if spoil is None:
        del arrays[name]
    else:
        arrays[name] = spoil(arrays[name])
    save_file(arrays, path)
    with pytest.raises(UserError, match="is no gallery, or is damaged"):
        load_gallery(path)


def test_what_is_no_file_of_a_gallery_is_refused(tmp_path):
    with pytest.raises(UserError, match="there is no gallery"):
        load_gallery(tmp_path / "none.safetensors")
    (tmp_path / "x.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="is no gallery"):
        load_gallery(tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="in order"):
        Gallery(("a", "b"), gallery_of(codes_of(1)).photos, "test")


@pytest.mark.parametrize("box", [(10, 10, 30, 30), (-50, -50, -10, -10), (90, 90, 300, 300), (5, 5, 5, 5)])
def test_a_face_at_any_place_has_a_picture(box):
    assert around(np.zeros((100, 80, 3), np.uint8), box).size > 0
