from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from faceswap.compositing.face_sources.face_source import DetectedFaces, FaceSource, StoredFaces, TargetFace
from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import frame_to_crop_for
from faceswap.core.values import Face, Frame
from faceswap.utils.errors import UserError
from tests.compositing.face_sources.test_track_path import record
from tests.compositing.fakes import face_points, smooth_picture


def _frames(indices: Sequence[int]) -> list[Frame]:
    picture = smooth_picture(64, 48)
    return [Frame(picture, i, i / 25) for i in indices]


def _set(records: list[FaceRecord], **report: object) -> FaceSet:
    return FaceSet(Path("faces/clip"), records, report)


def _placed(face_source: FaceSource, frames: list[Frame]) -> list[list[TargetFace]]:
    return [faces for _, faces in face_source.locate(frames)]


def _at(x: float) -> np.ndarray:
    return face_points((x, 100), 80)


def test_stored_faces_come_as_they_were_stored() -> None:
    faces = StoredFaces(_set([record(0, _at(90)), record(0, _at(300), 1), record(2, _at(310), -1)]))
    first, nothing, third = _placed(faces, _frames([0, 1, 2]))
    assert [face.track for face in first] == [0, 1] and nothing == [] and [face.track for face in third] == [-1]
    np.testing.assert_allclose(first[0].frame_to_crop, frame_to_crop_for(_at(90), 256), atol=1e-6)
    np.testing.assert_allclose(third[0].points, _at(310))


def test_every_fifth_frame_is_bridged_along_tracks() -> None:
    records = [record(i, _at(90 + i)) for i in range(0, 21, 5)]
    between = _placed(StoredFaces(_set(records, every=5), fill_frames=0), _frames([7]))[0]
    np.testing.assert_allclose(between[0].points, _at(97), atol=1e-3)
    assert _placed(StoredFaces(_set(records), fill_frames=3), _frames([7]))[0] == []


def test_tracks_are_chosen() -> None:
    face_set = _set([record(0, _at(90)), record(0, _at(300), 1)])
    assert [face.track for face in _placed(StoredFaces(face_set, tracks=[1]), _frames([0]))[0]] == [1]
    with pytest.raises(UserError, match="has no track 7; its tracks: 0, 1"):
        StoredFaces(face_set, tracks=[1, 7])


def test_two_faces_of_one_track_in_a_frame_are_both_kept() -> None:
    faces = StoredFaces(_set([record(0, _at(90)), record(0, _at(300)), record(1, _at(91))]), smooth_frames=2)
    assert [len(found) for found in _placed(faces, _frames([0, 1]))] == [2, 1]


def test_an_empty_set() -> None:
    with pytest.raises(UserError, match="holds no faces"):
        StoredFaces(_set([]))


def test_opposite_rolls_have_no_middle() -> None:
    turned = face_points((90, 100), 80, 180)
    faces = StoredFaces(_set([record(0, _at(90)), record(2, turned)]))
    for found in _placed(faces, _frames([0, 1, 2])):
        for face in found:
            assert np.isfinite(face.frame_to_crop).all()


class _Finder:
    batch_size = 2
    description = "one face that moves"

    def prepare(self, source: object) -> None: ...

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        return [[Face.from_points(_at(90 + frame.index))] if frame.index != 1 else [] for frame in frames]


def test_found_faces_are_linked() -> None:
    faces = DetectedFaces(_Finder())
    found = _placed(faces, _frames([0, 1, 2]))
    assert [[face.track for face in of_frame] for of_frame in found] == [[0], [], [0]]
    np.testing.assert_allclose(found[2][0].frame_to_crop, frame_to_crop_for(_at(92), 256))


def test_found_faces_are_steadied_without_lag() -> None:
    class Trembling(_Finder):
        def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
            return [[Face.from_points(_at(90 + frame.index + 0.8 * (-1) ** frame.index))] for frame in frames]

    for smooth_frames, largest in ((0, 0.81), (3, 0.4)):
        found = _placed(DetectedFaces(Trembling(), smooth_frames), _frames(range(20)))
        assert len(found) == 20
        errors = [found[i][0].points[:, 0].mean() - _at(90 + i)[:, 0].mean() for i in range(3, 17)]
        assert np.abs(errors).max() < largest


def test_frames_of_found_faces_come_as_they_stream() -> None:
    drawn = 0

    def stream():
        nonlocal drawn
        for frame in _frames(range(30)):
            drawn += 1
            yield frame

    for given, _ in enumerate(DetectedFaces(_Finder(), smooth_frames=2).locate(stream())):
        assert drawn <= given + 5  # a batch of two and two frames ahead
