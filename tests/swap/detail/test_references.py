from dataclasses import replace

import cv2
import numpy as np
import pytest

from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import mean_face_in_crop
from faceswap.swap.detail import references
from faceswap.swap.detail.references import References, SteadyChoice, shape_of
from faceswap.swap.initialisation.portraits import Portrait
from tests.swap.fakes import make_face_set


class Embedder:
    """The same person everywhere, but where the picture is dark."""

    def embed(self, images, points):
        dark = np.array([float(image.mean() < 20) for image in images])
        return np.stack([1 - dark, dark], 1).astype(np.float32)


def opened(count: int) -> list[np.ndarray]:
    """Points of one face whose mouth opens more and more."""
    faces = []
    for step in range(count):
        points = mean_face_in_crop(64)
        points[55:60, 1] += step * 1.0
        faces.append(points)
    return faces


def bank(count: int = 8) -> References:
    return References([np.zeros((64, 64, 3), np.uint8)] * count, opened(count), np.ones(2, np.float32))


@pytest.fixture
def faces(tmp_path):
    return FaceSet.open(make_face_set(tmp_path / "a", 12))


def changed(faces: FaceSet, **values) -> FaceSet:
    """`values`: of a record's field, what it is for each of the first records."""
    records = list(faces.records)
    for name, of_records in values.items():
        for i, value in enumerate(of_records):
            records[i] = replace(records[i], **{name: value})
    return replace(faces, records=records)


def test_blurred_and_hidden_crops_lend_nothing(faces):
    hidden = np.zeros(68, np.float32)
    found = References.of(changed(faces, blur=[0.9] * 10, visible=[None] * 11 + [hidden]), Embedder())
    assert found is not None and len(found) == 1
    assert References.of(changed(faces, blur=[0.9] * 12), Embedder()) is None


def test_one_crop_is_enough_and_an_empty_set_none(faces):
    assert len(References.of(replace(faces, records=faces.records[:1]), Embedder())) == 1
    assert References.of(replace(faces, records=[]), Embedder()) is None


def test_a_crop_that_was_enlarged_keeps_its_points(faces):
    path = faces.path(0)
    cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (128, 128)))
    found = References.of(replace(faces, records=faces.records[:1]), Embedder())
    np.testing.assert_allclose(found.points[0], (faces.records[0].crop_points + 0.5) * 2 - 0.5, atol=1e-4)


def test_somebody_elses_crops_are_left_out_and_told_of(faces, caplog):
    cv2.imwrite(str(faces.path(3)), np.zeros((64, 64, 3), np.uint8))
    found = References.of(faces, Embedder())
    assert len(found) == 11
    assert "1 of 12 references of a look like somebody else" in caplog.text


def test_a_large_set_is_cut_to_those_that_differ_most(faces, monkeypatch):
    monkeypatch.setattr(references, "MOST", 3)
    wide = [points.astype(np.float32) for points in opened(12)]
    found = References.of(changed(faces, points=wide, blur=[0.1] * 12), Embedder())
    openings = sorted(float(points[57, 1]) for points in found.points)
    assert len(openings) == 3
    assert openings[-1] - openings[0] > 5  # both ends of the sharper ones


def test_the_nearest_are_taken_at_once_where_a_track_begins():
    places, trust = SteadyChoice(bank(), 3).next(0, 0, opened(8)[4])
    assert sorted(places) == [3, 4, 5]
    assert trust == [1, 1, 1]


def test_a_trembling_face_keeps_its_references():
    choice, rng = SteadyChoice(bank(), 2), np.random.default_rng(0)
    chosen = {tuple(choice.next(0, i, opened(8)[4] + rng.normal(0, 0.3, (68, 2)))[0]) for i in range(40)}
    assert len(chosen) == 1


def test_a_change_fades_one_at_a_time_and_arrives():
    choice, trusts, last = SteadyChoice(bank(), 2), [], None
    for i in range(60):
        places, trust = choice.next(0, i, opened(8)[0 if i < 5 else 7])
        if last is not None:
            gone = [j for j in range(2) if places[j] != last[0][j]]
            assert all(last[1][j] <= 0.3 for j in gone)  # it had faded before
            assert np.abs(np.array(trust) - last[1]).max() <= 0.5
        trusts.append(min(trust))
        last = places, trust
    assert sorted(last[0]) == [6, 7] and last[1] == [1, 1]


@pytest.mark.parametrize(("track", "frame"), [(-1, 1), (1, 1), (0, 40)])
def test_another_track_and_a_gap_begin_anew(track, frame):
    choice = SteadyChoice(bank(), 1)
    choice.next(0, 0, opened(8)[0])
    assert choice.next(track, frame, opened(8)[7])[0] == [7]


def test_shapes_know_no_place_and_no_size():
    points = opened(3)[2]
    np.testing.assert_allclose(shape_of(points), shape_of(points * 3 + 20), atol=1e-5)


def test_a_photo_lends_its_face_upright(tmp_path):
    image = np.full((300, 400, 3), 90, np.uint8)
    points = mean_face_in_crop(200) + np.float32([150, 40])
    found = References.of_photos([Portrait(image, points, tmp_path / "anna.jpg")], "anna", Embedder())
    assert found is not None and found.pictures[0].shape == (512, 512, 3)
    np.testing.assert_allclose(found.points[0], mean_face_in_crop(512), atol=0.5)
    assert References.of_photos([], "anna", Embedder()) is None
