"""Photographs that tell whom to draw: one face each, chosen where there are several, doubts told."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap.core.geometry import mean_face_in_crop
from faceswap.core.values import Face
from faceswap.media.sources import probe
from faceswap.swap.initialisation.portraits import Portrait, first_portrait, read_portraits, warn_of_strangers
from faceswap.utils.errors import UserError


def face(left_px: float = 0.0, size_px: int = 100, narrow: float = 1.0) -> Face:
    points = mean_face_in_crop(size_px) * [narrow, 1] + [left_px, 0]
    return Face(np.array([*points.min(0), *points.max(0)]), points.astype(np.float32), 0.9)


class Finds:
    """A finder that tells the same faces of every picture."""

    batch_size, description = 1, "finds"

    def __init__(self, *faces: Face) -> None:
        self.faces = list(faces)

    def prepare(self, source) -> None: ...

    def find(self, frames):
        return [self.faces for _ in frames]


@pytest.fixture
def photo(tmp_path) -> Path:
    cv2.imwrite(str(tmp_path / "anna.png"), np.full((300, 400, 3), 90, np.uint8))
    return tmp_path / "anna.png"


def test_each_photo_gives_its_face(photo):
    cv2.imwrite(str(photo.with_name("other.png")), np.zeros((300, 400, 3), np.uint8))
    found = read_portraits([probe(photo), probe(photo.with_name("other.png"))], Finds(face(3)))
    assert [portrait.path.name for portrait in found] == ["anna.png", "other.png"]
    np.testing.assert_allclose(found[0].points, face(3).points)
    assert len(read_portraits([probe(photo.parent)], Finds(face()))) == 2


def test_several_faces_are_chosen_from_the_left(photo):
    finder = Finds(face(200), face(10), face(100))
    with pytest.raises(UserError, match=r"shows 3 faces: say photo_face=0 to 2"):
        read_portraits([probe(photo)], finder)
    for which, left_px in ((0, 10), (1, 100), (2, 200)):
        [portrait] = read_portraits([probe(photo)], finder, which)
        np.testing.assert_allclose(portrait.points, face(left_px).points)
    with pytest.raises(UserError, match="photo_face=3"):
        read_portraits([probe(photo)], finder, 3)


def test_no_face_and_a_film_are_one_line(photo, tiny_clip):
    with pytest.raises(UserError, match="no face"):
        read_portraits([probe(photo)], Finds())
    with pytest.raises(UserError, match="is a film"):
        read_portraits([probe(tiny_clip.video)], Finds(face()))


def test_small_and_turned_faces_are_told(photo, caplog):
    with caplog.at_level(logging.WARNING):
        read_portraits([probe(photo)], Finds(face(size_px=60)))
        read_portraits([probe(photo)], Finds(face(narrow=0.3)))
        assert "px wide" in caplog.text


def test_somebody_else_among_the_photos_is_told(photo, caplog):
    portraits = [Portrait(np.zeros((9, 9, 3), np.uint8), face().points, Path(f"{n}.png")) for n in range(3)]
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    with caplog.at_level(logging.WARNING):
        warn_of_strangers(portraits[:2], vectors[:2])
        assert not caplog.text
        warn_of_strangers([*portraits[:2], *portraits], np.vstack([vectors[:2], vectors]))
    assert "2.png" in caplog.text and "0.png" not in caplog.text


def test_the_performer_is_the_largest_face_of_the_first_frame_with_one(tiny_clip):
    found = first_portrait(probe(tiny_clip.video), Finds(face(size_px=50), face(size_px=90)))
    assert found is not None
    np.testing.assert_allclose(found.points, face(size_px=90).points)
    assert first_portrait(probe(tiny_clip.video), Finds()) is None
