"""The gallery that comes with the program: enough people, small, of the embedder in use, each finds itself."""

from __future__ import annotations

import numpy as np

from faceswap.lookalike.search import GallerySearch
from faceswap.lookalike.shipped import NAME, embedder_tag, shipped_gallery
from faceswap.utils.files.pretrained import entry_of


def test_it_is_as_promised():
    gallery = shipped_gallery()
    assert len(gallery.names) >= 200 and len(set(gallery.names)) == len(gallery.names)
    assert entry_of(NAME).size_bytes <= 6_000_000 and gallery.embedder == embedder_tag()
    assert all(photo.picture().shape == (160, 160, 3) for photo in gallery.photos[::50])


def test_one_photo_of_a_person_finds_the_other():
    gallery = shipped_gallery()
    photos = gallery.photos
    codes = np.stack([photo.code for photo in photos])
    cosines = codes @ codes.T - 2 * np.eye(len(codes))
    people = np.array([photo.person for photo in photos])
    assert (people[cosines.argmax(1)] == people).mean() > 0.97
    search = GallerySearch(gallery, gallery.calibration)
    assert search.match(photos[10].code, 1).nearest[0].likeness_percent > 99
