"""The built-in finder's way of looking: search, follow, doubt, recognise - with networks that see a made-up world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.values import Face, Frame
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.detect.builtin.following import PATIENCE
from faceswap.media.sources import SourceInfo
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE, save_pretrained
from tests.detect.builtin.world import Places, World
from tests.extraction.made import extract_faces, points_at, source_of

FILM, PICTURES = source_of(Path("film.mp4")), source_of(Path("pictures"), kind="images")


def find(world: World, indices: range, batch: int = 10, source: object = FILM, **settings) -> list[list[Face]]:
    finder = BuiltinFinder(_networks=world.networks, batch_size=batch, **settings)
    finder.prepare(source)
    found = []
    for start in range(0, len(indices), batch):
        found += finder.find([world.frame(index) for index in indices[start : start + batch]])
    return found


def one(index: int) -> Places:
    return {"a": (100 + index, 120, 60)}


@pytest.mark.parametrize("batch", [1, 3, 10])
def test_a_face_is_searched_now_and_then_and_followed_in_between(batch: int) -> None:
    world = World(one)
    found = find(world, range(20), batch)
    for index, faces in enumerate(found):
        np.testing.assert_allclose(faces[0].points, points_at(*one(index)["a"]), atol=0.01)
        assert len(faces) == 1 and faces[0].score == pytest.approx(0.95) and faces[0].visible is not None
    assert sorted(world.searched) == [0, 5, 10, 15]
    assert sorted(world.windows) == [0, 0, *range(1, 20)]  # two windows of a new face, then one a frame
    assert [index for index, _ in world.embedded] == [0]


def test_a_sure_face_gets_a_second_opinion_now_and_then() -> None:
    world = World(one)
    world.opinion = lambda index, who: 1.0
    find(world, range(60))
    assert [index for index, _ in world.checked] == [0, 25, 50]


def test_an_unsure_face_is_checked_in_every_frame_and_dropped_when_it_is_none() -> None:
    world = World(one)
    world.opinion = lambda index, who: 0.6 if index < 7 else 0.3
    found = find(world, range(12))
    assert [len(faces) for faces in found] == [1] * 7 + [0] * 5
    assert found[0][0].score == pytest.approx(0.95 * 0.6)
    assert [index for index, _ in world.checked[:8]] == list(range(8))


@pytest.mark.parametrize("source", [FILM, PICTURES])
def test_what_the_second_opinion_calls_no_face_is_none(source: SourceInfo) -> None:
    world = World(lambda index: {"a": (80, 120, 60), "b": (220, 120, 60)})
    world.opinion = lambda index, who: 1.0 if who == "a" else 0.0
    assert [[round(face.points[:, 0].mean()) for face in faces] for faces in find(world, range(3), source=source)] == [
        [round(points_at(80, 120, 60)[:, 0].mean())]
    ] * 3


def test_a_newcomer_is_found_at_the_next_search_and_a_leaver_is_dropped_at_once() -> None:
    def places(index: int) -> Places:
        people = {"a": (60.0, 120.0, 60.0)} if index < 12 else {}
        return people | ({"b": (220.0, 120.0, 60.0)} if index >= 3 else {})

    world = World(places)
    counts = [len(faces) for faces in find(world, range(16))]
    assert counts == [1] * 5 + [2] * 7 + [1] * 4
    assert 12 in world.searched  # the loss raised a doubt


def test_a_face_that_jumps_is_found_again_in_the_same_frame() -> None:
    world = World(lambda index: {"a": (60.0 if index < 7 else 230.0, 120.0, 60.0)})
    found = find(world, range(12))
    assert [len(faces) for faces in found] == [1] * 12
    assert found[7][0].points.mean() > found[6][0].points.mean() + 50
    assert [index for index, _ in world.embedded] == [0, 7]  # who is this?


def test_a_cut_begins_anew_and_searches() -> None:
    world = World(lambda index: {"ab"[index >= 7]: (100.0, 120.0, 60.0)}, shots=lambda index: int(index >= 7))
    find(world, range(12))
    assert sorted(world.searched) == [0, 5, 7]
    assert world.embedded == [(0, "a"), (7, "b")]


def test_a_face_that_the_detector_misses_is_followed_with_patience() -> None:
    world = World(one, unseen=lambda index: ["a"] if index > 0 else [])
    counts = [len(faces) for faces in find(world, range(30))]
    assert counts == [1] * (5 * PATIENCE) + [0] * (30 - 5 * PATIENCE)


def test_two_readings_of_one_face_become_one() -> None:
    def places(index: int) -> Places:  # b walks to a and then there is only a
        return {"a": (100.0, 120.0, 60.0)} | ({"b": (220.0 - 8 * index, 120.0, 60.0)} if index < 12 else {})

    assert [len(faces) for faces in find(World(places), range(15))][-1] == 1


def test_people_beside_each_other_are_recognised_more_often() -> None:
    world = World(lambda index: {"a": (100.0, 120.0, 60.0), "b": (170.0, 120.0, 60.0)})
    find(world, range(10))
    assert [index for index, who in world.embedded if who == "a"] == [0, 3, 6, 9]
    quiet = World(one)
    find(quiet, range(60))
    assert [index for index, _ in quiet.embedded] == [0, 25, 50]


def test_nobody_is_recognised_when_that_is_off() -> None:
    world = World(one)
    world_without = type(world.networks)(world, world, None)
    finder = BuiltinFinder(_networks=world_without)
    finder.prepare(FILM)
    assert finder.find([world.frame(0)])[0][0].embedding is None and not world.embedded


def test_pictures_are_each_searched_and_read_twice() -> None:
    world = World(lambda index: {} if index == 2 else {"a": (60.0 + 40 * index, 120.0, 60.0)})
    found = find(world, range(5), source=PICTURES)
    assert [len(faces) for faces in found] == [1, 1, 0, 1, 1]
    assert sorted(world.searched) == list(range(5)) and sorted(world.windows) == [0, 0, 1, 1, 3, 3, 4, 4]
    assert [index for index, _ in world.embedded] == [0, 1, 3, 4]


def test_frames_far_apart_are_each_searched() -> None:
    world = World(one)
    assert all(len(faces) == 1 for faces in find(world, range(0, 60, 6)))
    assert world.searched == list(range(0, 60, 6))


def test_a_finder_starts_anywhere_and_anew() -> None:
    world = World(one)
    finder = BuiltinFinder(_networks=world.networks)
    finder.prepare(FILM)
    for start in (70, 5, 5):  # going back in time is a new beginning, also without prepare
        world.searched.clear()
        finder.find([world.frame(index) for index in range(start, start + 5)])
        assert world.searched == [start]
    finder.prepare(FILM)
    world.searched.clear()
    finder.find([world.frame(10)])
    assert world.searched == [10]


def test_a_face_that_leaves_the_picture_is_let_go() -> None:
    world = World(lambda index: {"a": (280.0 + 5 * index, 120.0, 60.0)})
    counts = [len(faces) for faces in find(world, range(20))]
    assert counts[0] == 1 and counts[-1] == 0


def test_readings_that_are_no_faces_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from faceswap.facenets.landmarks import LandmarkPrediction

    world = World(one)
    for points in (np.full((68, 2), np.nan), np.full((68, 2), 120.0), points_at(1e7, 0), points_at(-200, 50)):
        prediction = LandmarkPrediction(points.astype(np.float32), np.ones(68, np.float32), 0.9, 0.0)
        monkeypatch.setattr(world, "_reading", lambda index, look, prediction=prediction: prediction)
        assert find(world, range(2)) == [[], []]
        assert find(world, range(2), source=PICTURES) == [[], []]


@pytest.mark.parametrize(
    "wrong",
    [
        {"detect_every": 0},
        {"refinements": 0},
        {"batch_size": 0},
        {"detect_side_px": 8},
        {"minimum_score": 1.0},
        {"refinements": 100_000},
        {"detect_every": 10**9},
        {"batch_size": 10**9},
        {"detect_side_px": 10**9},
    ],
)
def test_wrong_settings_are_named(wrong: dict) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        BuiltinFinder(**wrong)


def test_missing_weights_are_told_before_the_first_frame(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    save_pretrained(tmp_path, "detector", {"w": np.zeros(2)}, {})
    with pytest.raises(UserError, match="lists no network 'landmarks'"):
        BuiltinFinder().prepare(FILM)
    save_pretrained(tmp_path, "landmarks", {"w": np.zeros(2)}, {})
    finder = BuiltinFinder()
    finder.prepare(FILM)
    before = finder.description
    assert "detector" in before and "embedder" not in before
    save_pretrained(tmp_path, "landmarks", {"w": np.ones(2)}, {})
    finder.prepare(FILM)
    assert finder.description != before  # other weights find other faces
    with pytest.raises(UserError, match="the weights of the built-in detector network do not fit"):
        finder.find([World(one).frame(0)])


def test_an_interrupted_extraction_goes_on(tmp_path: Path) -> None:
    from faceswap.core.face_set import FaceSet
    from faceswap.media.pictures.images import write_image
    from faceswap.utils.errors import Interrupted

    world = World(one)
    for index in range(23):
        write_image(tmp_path / "film" / f"{index:03d}.png", world.frame(index).image)

    class AsFilm(BuiltinFinder):
        stop = 1000

        def prepare(self, source: SourceInfo) -> None:
            super().prepare(replace(source, kind="video"))

        def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
            if frames[-1].index > self.stop:
                raise KeyboardInterrupt
            return super().find(frames)

    finder = AsFilm(_networks=world.networks, batch_size=4)
    finder.stop = 12
    with pytest.raises(Interrupted):
        extract_faces(tmp_path / "film", finder, tmp_path / "faces", size_px=64)
    assert world.searched == [0, 5, 10]
    finder.stop = 1000
    records = FaceSet.open(extract_faces(tmp_path / "film", finder, tmp_path / "faces", size_px=64)).records
    assert [record.frame for record in records] == list(range(23)) and {record.track for record in records} == {0}
    assert world.searched == [0, 5, 10, 15, 20]  # as if it had not been stopped


def test_new_faces_need_detector_and_reader_followed_ones_the_reader() -> None:
    def found(certainty: float, begins: int) -> list[int]:
        world = World(one)
        world.certainty = lambda index: 0.95 if index < begins else certainty
        return [len(faces) for faces in find(world, range(8), minimum_score=0.5)]

    assert found(0.55, begins=3) == [1] * 8
    assert found(0.45, begins=8)[7] == 1
    assert found(0.25, begins=0) == [0] * 8  # sqrt(0.9 * 0.25) < 0.5: not even as a new face
    assert found(0.2, begins=3) == [1] * 3 + [0] * 5


def test_points_known_badly_make_a_reading_uncertain() -> None:
    from faceswap.detect.builtin.tracked_face import SURE_SPREAD, certainty
    from faceswap.facenets.landmarks import LandmarkPrediction

    points, visible = points_at(50, 50), np.ones(68, np.float32)
    values = [certainty(LandmarkPrediction(points, visible, 0.9, SURE_SPREAD * k)) for k in (0, 1, 2, 10)]
    assert values == pytest.approx([0.9, 0.9, 0.225, 0.009])
