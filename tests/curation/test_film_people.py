"""The people of a film: by track and embedding, with numbers that convert takes."""

import json
import shutil

import numpy as np
import pytest

from faceswap.core.embeddings import unpacked
from faceswap.curation.film_people import FilmPeople
from faceswap.curation.people_sheet import people_html, told
from faceswap.utils.errors import UserError
from tests.curation.made import SKINS, SkinEmbedder, picture, record_of, write_set

# Two people: 0 in track 0, leaves and comes back as track 2; 1 in track 1. Track 3 goes over from 1 to 0.
SHOWN = [(frame, 0, 0) for frame in range(8)] + [(frame, 1, 1) for frame in range(6)]
SHOWN += [(20 + frame, 2, 0) for frame in range(8)]
SHOWN += [(40 + frame, 3, 1 if frame < 6 else 0) for frame in range(12)]


@pytest.fixture
def people(tmp_path):
    faces = []
    for index, (frame, track, skin) in enumerate(SHOWN):
        shift = 400 * skin if track < 2 else 0
        record = record_of(index, frame=frame, track=track)
        moved = record_of(index, frame=frame, track=track, box=record.box + shift, file=f"{index:03d}.png")
        faces.append((moved, picture(index, SKINS[skin])))
    return FilmPeople.read(write_set(tmp_path / "film", faces), SkinEmbedder())


def whose(people):
    return {people.inventory.files[face]: person.number for person in people.people for face in person.faces}


def test_who_comes_back_is_the_same_and_a_track_may_change_its_person(people):
    numbers = whose(people)
    assert [numbers[f"{index:03d}.png"] for index in range(len(SHOWN))] == [1 + skin for _, _, skin in SHOWN]
    again = FilmPeople.read(people.inventory.folder, SkinEmbedder())
    assert whose(again) == numbers


def test_tracks_are_parted_so_that_each_plays_one_role(people):
    records = people.inventory.records
    tracks, role_of = people.with_tracks_of({1: 5}, records)
    new = {}
    for record, track in zip(records, tracks, strict=True):
        _, before, skin = SHOWN[int(record.file[:3])]
        assert (role_of.get(track) == 5) == (skin == 0)
        new.setdefault(before, set()).add(track)
    assert new[0] == {0} and new[1] == {1} and new[2] == {2} and len(new[3]) == 2


def test_a_face_whose_crop_was_deleted_goes_with_its_track(people):
    (people.inventory.folder / "003.png").unlink()
    fewer = FilmPeople.read(people.inventory.folder, SkinEmbedder())
    records = people.inventory.records
    tracks, role_of = fewer.with_tracks_of({1: 0}, records)
    lost = [record.file for record in records].index("003.png")
    assert tracks[lost] == 0 and role_of[0] == 0


def test_a_photo_finds_its_person_or_nobody(people):
    one, two = (np.eye(128, dtype=np.float32)[place] for place in (1, 2))
    assert [(person.number, alike) for person, alike in people.like(one, "x.jpg")] == [(2, pytest.approx(1, abs=0.01))]
    with pytest.raises(UserError, match=r"^x\.jpg: this person is not in film; the most alike is person \d"):
        people.like(two, "x.jpg")
    with pytest.raises(UserError, match="there is no person 3 in film: it has 1 to 2"):
        people.numbered(3)


def test_the_sheet_shows_each_and_loads_nothing(people):
    lines = json.loads(json.dumps(told(people)))
    assert [(line["number"], line["faces"]) for line in lines] == [(1, 22), (2, 12)]
    assert lines[0]["films"] == [{"film": 0, "frames": ["0-7", "20-27", "46-51"], "from_seconds": 0.0,
                                  "to_seconds": 2.04}]  # fmt: skip
    assert lines[0]["tracks"] == [0, 2, 3] and lines[1]["most_alike"]["number"] == 1
    assert unpacked(lines[1]["embedding"])[1] > 0.9
    page = people_html(people, "<b>.mp4")
    assert "Person 2" in page and "&lt;b&gt;.mp4" in page and "<b>" not in page and "http://" not in page


def test_a_picture_that_cannot_be_read_is_left_out(people):
    shutil.copy(people.inventory.folder / "alignments.jsonl", people.inventory.folder / "000.png")
    assert "Person 1" in people_html(people, "film.mp4")
