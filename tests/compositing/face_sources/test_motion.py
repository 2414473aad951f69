"""Faces steadied along the motion of their pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from faceswap.compositing.face_sources.face_source import TargetFace
from faceswap.compositing.face_sources.motion import MotionAligned, motion_between
from faceswap.core.geometry import frame_to_crop_for, transform_points
from faceswap.core.values import Frame
from tests.compositing.fakes import face_points

RNG = np.random.default_rng(3)
TEXTURE = cv2.GaussianBlur(RNG.integers(0, 255, (400, 500, 3), np.uint8).astype(np.uint8), (0, 0), 2.5)
TEXTURE = cv2.normalize(TEXTURE, None, 0, 255, cv2.NORM_MINMAX)
POINTS = face_points((160, 120), 90)


def moved(index: int, way: np.ndarray, other: bool = False) -> Frame:
    """The texture, shifted by (2,) pixels; with `other` a thing passes before it."""
    shift = np.array([[1, 0, way[0] - 60], [0, 1, way[1] - 60]])
    image = cv2.warpAffine(TEXTURE, shift, (320, 240))
    if other:
        image[:, 20 * index : 20 * index + 30] = (30, 30, 35)
    return Frame(image, index, index / 25)


class Trembling:
    """Faces on the way of the picture, with trembling landmarks."""

    about = {"faces_from": "a test"}  # noqa: RUF012

    def __init__(self, ways: np.ndarray, px: float) -> None:
        rng = np.random.default_rng(1)
        self.faces = []
        for way in ways:
            points = (POINTS + way + rng.normal(0, px, 2) + rng.normal(0, px / 2, POINTS.shape)).astype(np.float32)
            self.faces.append(TargetFace(points, frame_to_crop_for(points, 256), 256, 3))

    def locate(self, frames):
        for frame in frames:
            yield frame, [self.faces[frame.index]]


def errors_px(faces: list[TargetFace], ways: np.ndarray) -> np.ndarray:
    """How far each face's crop lies from where it should, less what is the same in all frames."""
    middle = np.array([[127.5, 127.5]])
    exact = [
        transform_points(np.linalg.inv(np.vstack([face.frame_to_crop, [0, 0, 1]]))[:2], middle)[0] for face in faces
    ]
    off = np.array(exact) - ways
    return np.linalg.norm(off - off.mean(0), axis=1)


@pytest.mark.parametrize("speed", [0.0, 3.0])
@pytest.mark.parametrize("other", [False, True])
def test_a_trembling_face_is_held_to_its_motion(speed, other):
    ways = np.array([[speed * i, 0.3 * speed * i] for i in range(12)]) + (speed > 0) * np.sin(np.arange(12))[:, None]
    source = Trembling(ways, 1.0)
    frames = [moved(i, way, other) for i, way in enumerate(ways)]
    steady = [faces[0] for _, faces in MotionAligned(source).locate(frames)]
    before, after = errors_px(source.faces, ways), errors_px(steady, ways)
    assert after.mean() < (0.75 if other else 0.6) * before.mean()
    assert MotionAligned(source).about == source.about


def test_motion_is_that_of_the_pixels():
    motion = motion_between(moved(0, np.array([0.0, 0.0])), moved(1, np.array([4.3, -2.1])), POINTS)
    assert motion is not None
    np.testing.assert_allclose(motion, [[1, 0, 4.3], [0, 1, -2.1]], atol=0.3)
    other = Frame(RNG.integers(0, 255, (240, 320, 3), np.uint8), 1, 0.04)
    assert motion_between(moved(0, np.zeros(2)), other, POINTS) is None
    grey = Frame(np.full((240, 320, 3), 90, np.uint8), 1, 0.04)
    assert motion_between(grey, grey, POINTS) is None or np.allclose(motion_between(grey, grey, POINTS), np.eye(2, 3))


def test_landmarks_that_something_drags_along_are_outvoted():
    ways = np.zeros((15, 2))
    source = Trembling(ways, 0.0)
    for index, drag in zip(range(5, 10), (2, 4, 5, 4, 2), strict=True):
        points = source.faces[index].points + (0, drag)
        source.faces[index] = TargetFace(points, frame_to_crop_for(points, 256), 256, 3)
    steady = [faces[0] for _, faces in MotionAligned(source).locate(moved(i, way) for i, way in enumerate(ways))]
    assert errors_px(source.faces, ways).max() > 5 * errors_px(steady, ways).max()


def test_an_expression_that_changes_is_kept():
    still = [moved(i, np.zeros(2)) for i in range(9)]
    source = Trembling(np.zeros((9, 2)), 0.0)
    opened = source.faces[4].points.copy()
    opened[55:60] += (0, 9)
    source.faces[4] = TargetFace(opened, source.faces[4].frame_to_crop, 256, 3)
    steady = [faces[0] for _, faces in MotionAligned(source).locate(still)]
    assert np.abs(steady[4].points - opened).max() < 0.5


def test_faces_of_no_track_and_frames_far_apart_stay_as_they_are():
    source = Trembling(np.zeros((9, 2)), 1.0)
    frames = [moved(i, np.zeros(2)) for i in (0, 4, 8)]
    for frame, (face,) in MotionAligned(source).locate(frames):
        np.testing.assert_allclose(face.frame_to_crop, source.faces[frame.index].frame_to_crop)
