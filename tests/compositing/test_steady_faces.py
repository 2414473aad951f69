"""Drawn faces are averaged over time where the film stands still, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from faceswap.compositing.drawing import PlacedFrame
from faceswap.compositing.steady_faces import CHANGED, steadied_faces
from faceswap.core.values import AlignedFace, DrawnFaces, Frame
from tests.compositing.fakes import face_points

REACH, PX = 3, 64
POINTS = face_points((32, 32), 30)


def item(index: int, level: float, *tracks: int, view: np.ndarray | None = None, mask: float | None = 0.5):
    """A frame in which every face is drawn in one grey level, with a learned mask of one level."""
    picture = np.full((PX, PX, 3), 90, np.uint8) if view is None else view
    face = AlignedFace(picture, POINTS, np.eye(2, 3))
    masks = [None if mask is None else np.full((PX, PX), mask, np.float32)] * len(tracks)
    drawn = DrawnFaces([np.full((PX, PX, 3), level, np.float32)] * len(tracks), masks)
    frame = Frame(np.zeros((48, 64, 3), np.uint8), index, index / 25)
    return PlacedFrame(frame, [face] * len(tracks), tracks, [0] * len(tracks), drawn=drawn if tracks else None)


def levels(items: list[PlacedFrame]) -> list[float]:
    return [round(float(one.drawn.images[0].mean()), 4) for one in steadied_faces(items, REACH)]


def test_what_trembles_before_a_still_film_is_averaged_over_both_sides():
    trembling = [item(i, 0.5 + 0.1 * (i % 2), 3, mask=0.4 + 0.2 * (i % 2)) for i in range(12)]
    done = list(steadied_faces(trembling, REACH))
    middle = [float(one.drawn.images[0].mean()) for one in done][REACH:-REACH]
    assert np.ptp(middle) < 0.1 / REACH and abs(np.mean(middle) - 0.55) < 0.01
    assert np.ptp([float(one.drawn.masks[0].mean()) for one in done][REACH:-REACH]) < 0.2 / REACH
    assert levels([item(i, 0.5, 3) for i in range(5)]) == [0.5] * 5  # nothing is lost or added
    assert levels([item(0, 0.7, 3, mask=None)]) == [0.7]


def test_where_the_film_changes_the_face_changes_at_once():
    half = np.full((PX, PX, 3), 90, np.uint8)
    half[:, : PX // 2] += int(CHANGED) + 8
    items = [item(i, 0.2 if i < 5 else 0.8, 3, view=None if i < 5 else half) for i in range(10)]
    done = list(steadied_faces(items, REACH))
    for i in (4, 5):
        own = 0.2 if i < 5 else 0.8
        image = done[i].drawn.images[0]
        np.testing.assert_allclose(image[:, :24], own, atol=1e-6)  # changed: as it was drawn
        assert np.abs(image[:, 40:] - own).min() > 0.1  # the other half is as before, so it is averaged


def test_only_the_frames_beside_and_the_same_face_count():
    gap = [item(i, 0.2, 3) for i in range(4)] + [item(i, 0.8, 3) for i in range(50, 54)]
    assert levels(gap) == [0.2] * 4 + [0.8] * 4
    other = [item(i, 0.2, 3) for i in range(4)] + [item(i, 0.8, 4) for i in range(4, 8)]
    assert levels(other) == [0.2] * 4 + [0.8] * 4
    assert levels([item(i, 0.1 * i, -1) for i in range(4)]) == [0.0, 0.1, 0.2, 0.3]  # of no track nothing is known
    assert levels([item(i, 0.1 * i, 3, 3) for i in range(4)]) == [0.0, 0.1, 0.2, 0.3]


def test_frames_without_a_face_and_films_without_frames_go_through():
    items = [item(0, 0.5, 3), item(1, 0.5), item(2, 0.5, 3)]
    assert [one.frame.index for one in steadied_faces(items, REACH)] == [0, 1, 2]
    assert next(iter(steadied_faces([items[1]], REACH))) is items[1]
    assert list(steadied_faces([], REACH)) == []


def test_each_frame_depends_on_a_few_around_it_alone():
    """A part of a film made by itself is as the whole has it, if it is given so many more frames."""
    rng = np.random.default_rng(0)
    items = [item(i, float(level), 3) for i, level in enumerate(rng.normal(0.5, 0.1, 24))]
    whole = list(steadied_faces(items, REACH))
    part = list(steadied_faces([replace(one) for one in items[8 - REACH : 16 + REACH]], REACH))
    for one, other in zip(whole[8:16], part[REACH:-REACH], strict=True):
        np.testing.assert_array_equal(one.drawn.images[0], other.drawn.images[0])
