"""A folder of people as a gallery: who is in it, what is read once, what is left out."""

from __future__ import annotations

import os

import numpy as np
import pytest

from faceswap.lookalike.folders import gallery_of_folder
from faceswap.media.pictures.images import write_image
from faceswap.utils.errors import UserError
from tests.lookalike.made import reader

RED, GREEN, BLUE, BLACK = (200, 20, 20), (20, 200, 20), (20, 20, 200), (0, 0, 0)


def photo(path, colour):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, np.full((32, 32, 3), colour, np.uint8))


def test_folders_and_loose_pictures_are_people(tmp_path, caplog):
    people = tmp_path / "people"
    photo(people / "ruby" / "1.png", RED)
    photo(people / "ruby" / "2.png", RED)
    photo(people / "emerald.png", GREEN)
    photo(people / "nobody" / "dark.png", BLACK)
    (people / "ruby" / "broken.png").write_bytes(b"no picture")
    gallery = gallery_of_folder(people, reader(), tmp_path / "kept")
    assert sorted(gallery.names) == ["emerald", "ruby"] and len(gallery.photos) == 3
    assert "dark.png" in caplog.text and "broken.png" in caplog.text
    assert tuple(gallery.photos[0].picture()[0, 0]) in (RED, GREEN)


def test_only_what_is_new_is_read(tmp_path):
    people = tmp_path / "people"
    photo(people / "ruby" / "1.png", RED)
    photo(people / "nobody" / "dark.png", BLACK)
    first, second, third, fourth = (reader() for _ in range(4))
    gallery_of_folder(people, first, tmp_path / "kept")
    again = gallery_of_folder(people, second, tmp_path / "kept")
    assert (first.finder.seen, second.finder.seen) == (2, 0) and again.names == ("ruby",)
    photo(people / "sapphire" / "1.png", BLUE)
    photo(people / "ruby" / "1.png", GREEN)
    os.utime(people / "ruby" / "1.png", ns=(5, 5))
    grown = gallery_of_folder(people, third, tmp_path / "kept")
    assert third.finder.seen == 2 and grown.names == ("ruby", "sapphire") and grown.codes()[0, 1] > 0
    next((tmp_path / "kept").iterdir()).write_bytes(b"damaged")
    assert gallery_of_folder(people, fourth, tmp_path / "kept").names == grown.names


def test_what_is_read_first_compares_as_what_was_kept(tmp_path):
    people = tmp_path / "people"
    for number in range(6):
        photo(people / f"{number}.png", (30 + 31 * number, 97 - 11 * number, 211 - 17 * number))
    first, again = (gallery_of_folder(people, reader(), tmp_path / "kept").codes() for _ in range(2))
    assert np.array_equal(first, again)
    photo(people / "another.png", RED)
    assert np.array_equal(gallery_of_folder(people, reader(), tmp_path / "kept").codes()[:6], first)


def test_a_gallery_without_people_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        gallery_of_folder(tmp_path / "none", reader(), tmp_path / "kept")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no face was found"):
        gallery_of_folder(tmp_path / "empty", reader(), tmp_path / "kept")
