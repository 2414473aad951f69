"""person=: who is on the photo, which tracks are theirs, and what is left of the face set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import ALIGNMENTS, REPORT, FaceSet
from faceswap.core.values import Face, Frame
from faceswap.extraction import run as extraction
from faceswap.extraction.identity import Person, person_of
from faceswap.extraction.journal import JOURNAL
from faceswap.media.pictures.images import write_image
from faceswap.utils.errors import Interrupted, UserError
from tests.extraction.made import MovingFinder, extract_faces, face_at, frame_of, write_frames

RED, BLUE = (220, 40, 40), (40, 40, 220)


class ColourFinder(MovingFinder):
    """Two people, told apart by colour, who never come close."""

    def _faces(self, index: int) -> list[Face]:
        super()._faces(index)
        return [face_at(45, 60, 40), *([face_at(115, 60, 40)] if index % 4 else [])]


class ColourEmbedder:
    """Knows people by the colour in the middle of their face."""

    def embed(self, images: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> np.ndarray:
        vectors = np.zeros((len(images), 128), np.float32)
        for vector, image, face in zip(vectors, images, points, strict=True):
            x, y = face.mean(0).round().astype(int)
            colour = image[y - 1 : y + 2, x - 1 : x + 2].mean((0, 1)) - 100
            vector[:3] = colour / np.linalg.norm(colour)
        return vectors


def portrait(*colours: tuple[int, int, int]) -> np.ndarray:
    image = np.full((120, 160, 3), 128, np.uint8)
    for x, colour in zip((45, 115), colours, strict=False):
        image[30:90, x - 30 : x + 30] = colour
    return image


class PhotoFinder(MovingFinder):
    """Sees a face at each place that is not grey."""

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        return [[face_at(x, 60, 40) for x in (45, 115) if np.ptp(frame.image[60, x]) > 9] for frame in frames]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = tmp_path / "film"
    folder.mkdir()
    for index in range(12):
        image = portrait(RED, BLUE)
        image[:20] = frame_of(index).image[:20]
        write_image(folder / f"{index:03d}.png", image)
    return folder


def person(tmp_path: Path, *colours: tuple[int, int, int], least: float = 0.5) -> Person:
    write_image(tmp_path / "photo.png", portrait(*colours))
    return person_of(tmp_path / "photo.png", least, PhotoFinder(), ColourEmbedder())


def test_only_the_tracks_of_the_person_stay(film: Path, tmp_path: Path) -> None:
    folder = extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=person(tmp_path, BLUE))
    faces = FaceSet.open(folder)
    assert {record.points[:, 0].mean().round() for record in faces.records} == {115}
    assert len(faces) == 9 and len(list(folder.glob("0*.jpg"))) == 9
    report = json.loads((folder / REPORT).read_text())
    assert (report["faces"], report["frames"], report["frames_without_face"]) == (9, 12, 3)
    assert report["tracks"] == 1 and report["completed"] and not (folder / JOURNAL).exists()
    again = extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=person(tmp_path, BLUE))
    assert again == folder
    with pytest.raises(UserError, match=r"person=.*restart=true"):
        extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64)


def test_a_face_set_may_stand_for_the_person(film: Path, tmp_path: Path) -> None:
    blue = extract_faces(film, ColourFinder(), tmp_path / "blue", size_px=64, keep=person(tmp_path, BLUE))
    same = person_of(blue, 0.5, PhotoFinder(), ColourEmbedder())
    extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=same)
    assert (tmp_path / "faces" / ALIGNMENTS).read_bytes() == (blue / ALIGNMENTS).read_bytes()
    for crop in blue.glob("0*.jpg"):
        crop.unlink()
    with pytest.raises(UserError, match="no face left"):
        person_of(blue, 0.5, PhotoFinder(), ColourEmbedder())


def test_nobody_alike_is_said_with_the_likeness_and_another_photo_goes_on(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, blue = person(tmp_path, (40, 220, 40), least=0.99), person(tmp_path, BLUE)
    with pytest.raises(UserError, match=r"none of the 2 tracks .* likeness of -?0\.\d+, 0.99 is asked .* goes on"):
        extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=stranger)
    whole = extract_faces(film, ColourFinder(), tmp_path / "whole", size_px=64, keep=blue)

    def nothing_is_left(*_: object) -> None:
        raise AssertionError("every frame was looked at before")

    monkeypatch.setattr(ColourFinder, "find", nothing_is_left)
    extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=blue)
    assert (tmp_path / "faces" / ALIGNMENTS).read_bytes() == (whole / ALIGNMENTS).read_bytes()
    assert len(list((tmp_path / "faces").glob("0*.jpg"))) == 9


@pytest.mark.parametrize(
    "colours, said", [((), "shows no face"), ((RED, BLUE), "shows 2 faces")], ids=["nobody", "two people"]
)
def test_a_photo_without_exactly_one_face_is_refused(tmp_path: Path, colours: tuple, said: str) -> None:
    with pytest.raises(UserError, match=f"{said}.*one person alone"):
        person(tmp_path, *colours)


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither one photo nor a face set"):
        person_of(write_frames(tmp_path / "many", 3), 0.5, PhotoFinder(), ColourEmbedder())
    with pytest.raises(UserError):
        person_of(tmp_path / "nothing.jpg", 0.5, PhotoFinder(), ColourEmbedder())
    with pytest.raises(UserError, match="person_similarity=2"):
        person(tmp_path, RED, least=2)


@pytest.mark.parametrize("place", ["tracks_of", "remove_crops", "write_text", "write_contact_sheet", "tell"])
def test_a_run_stopped_while_it_chooses_goes_on_choosing(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    blue, red = person(tmp_path, BLUE), person(tmp_path, RED)
    whole = extract_faces(film, ColourFinder(), tmp_path / "whole", size_px=64, keep=blue)

    def stopped(folder: Path, names: Iterable[str] = (), *_: object) -> None:
        if place == "remove_crops":
            (folder / next(iter(names))).unlink(missing_ok=True)
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patch, pytest.raises(Interrupted, match="the same command goes on"):
            patch.setattr(extraction, place, stopped)
            extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=blue)
    if place != "tracks_of":  # faces are gone: nobody else can be chosen any more
        with pytest.raises(UserError, match="another person="):
            extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=red)
    extract_faces(film, ColourFinder(), tmp_path / "faces", size_px=64, keep=blue)
    for name in {path.name for path in (*whole.iterdir(), *(tmp_path / "faces").iterdir())} - {REPORT}:
        assert (tmp_path / "faces" / name).read_bytes() == (whole / name).read_bytes()
