"""Smoothing tracks while frames stream by: less tremble, no lag, nothing across cuts and gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from faceswap.track.smoothing import TrackedFrame, smoothed_tracks
from tests.extraction.made import face_at, frame_of


def stream(count: int, tremble: float = 0.0, cuts: tuple[int, ...] = (), without: tuple[int, ...] = ()):
    rng = np.random.default_rng(0)
    for index in range(count):
        face = face_at(50 + 2 * index + 0.1 * index**2, 60, track=0)
        face = replace(face, points=face.points + rng.normal(0, tremble, (68, 2)).astype(np.float32))
        yield TrackedFrame(frame_of(index), [] if index in without else [face], index in cuts)


def centres(found) -> np.ndarray:
    return np.array([item.faces[0].points.mean(0) for item in found if item.faces])


@pytest.mark.parametrize("frames", [0, 1, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_all_frames_come_out_in_order_and_smooth_motion_stays(frames: int, count: int) -> None:
    before, after = list(stream(count)), list(smoothed_tracks(stream(count), frames))
    assert [item.frame.index for item in after] == list(range(count))
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(new.faces[0].points, old.faces[0].points, atol=2e-3)  # a parabola is left as it is
        np.testing.assert_array_equal(new.faces[0].box, old.faces[0].box)


def test_tremble_becomes_less_without_lag() -> None:
    truth = np.stack([item.faces[0].points for item in stream(40)])
    errors = [np.stack([item.faces[0].points for item in smoothed_tracks(stream(40, 1.0), n)]) - truth for n in (0, 3)]
    assert errors[1][3:-3].std() < 0.65 * errors[0].std()
    assert abs(errors[1].mean()) < 0.05


def test_only_so_many_frames_are_held_back() -> None:
    drawn = 0

    def counted():
        nonlocal drawn
        for item in stream(20):
            drawn += 1
            yield item

    for given, _ in enumerate(smoothed_tracks(counted(), 3)):
        assert drawn <= given + 4


def test_nothing_is_mixed_across_a_cut_or_a_gap() -> None:
    def two_places(cut: bool):
        for index in range(12):
            face = face_at(50 if index < 6 else 150, 60, track=0)
            if cut or index != 6:
                yield TrackedFrame(frame_of(index), [face], cut and index == 6)
            else:
                yield TrackedFrame(frame_of(index), [], False)

    for cut in (True, False):
        x = centres(smoothed_tracks(two_places(cut), 3))[:, 0]
        assert set(np.round(x - x[0])) == {0, 100}


def test_faces_that_share_a_number_or_have_none_are_left_alone() -> None:
    faces = [[face_at(50 + 9 * (-1) ** index, 60, track=-1), face_at(150, 60, track=2), face_at(250, 60, track=2)]
             for index in range(6)]  # fmt: skip
    found = [TrackedFrame(frame_of(index), group, False) for index, group in enumerate(faces)]
    for old, new in zip(found, smoothed_tracks(found, 2), strict=True):
        for a, b in zip(old.faces, new.faces, strict=True):
            np.testing.assert_allclose(a.points, b.points, atol=1e-3)
