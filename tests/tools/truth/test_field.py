"""Pose, expression, retrieval and clouds of features with answers that are known."""

from __future__ import annotations

import numpy as np
import pytest

from faceswap.core.landmarks import MEAN_FACE
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.utils.errors import UserError
from faceswap.utils.files.pretrained import FOLDER_VARIABLE
from tests.clips import draw_face
from tests.tools.train_eyes.made import write_set
from tests.tools.truth.made import write_parser
from tools.truth import field

POINTS = (MEAN_FACE[:, :2] * 90 + [128, 128]).astype(np.float32)


def turned(degrees: float) -> np.ndarray:
    """The mean head turned about its own axis, as a camera far away sees it."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return (MEAN_FACE @ turn.T)[:, :2] * 90 + 128


@pytest.mark.parametrize("degrees", [5.0, 20.0])
def test_pose_error_is_the_angle_between_two_heads(degrees):
    assert field.pose_error_degrees(turned(0), turned(0)) == 0
    assert field.pose_error_degrees(turned(degrees), turned(0)) == pytest.approx(degrees, abs=1e-3)


def test_an_expression_does_not_know_where_the_face_lies():
    angle = np.radians(8)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = POINTS @ turn.T * 1.2 + [30, -7]
    assert field.expression_error_percent(moved, POINTS, 100) == pytest.approx(0, abs=1e-4)
    opened = POINTS + (np.arange(68)[:, None] >= 55) * np.array([0, 6.0])
    assert field.expression_error_percent(opened, POINTS, 100) > 0.5
    assert field.expression_error_percent(opened, POINTS, 100) == pytest.approx(
        2 * field.expression_error_percent(opened, POINTS, 200)
    )


def test_the_nearest_of_all_is_found():
    a, b, *strangers = np.eye(6, dtype=np.float32)
    faces = np.stack([a, 0.8 * a + 0.6 * b, 0.6 * a + 0.8 * b, strangers[3]])
    assert field.retrieval_share(faces, a, b, np.stack(strangers)) == 0.5


def test_a_gallery_wants_enough_people(tmp_path, monkeypatch):
    folder = write_set(tmp_path / "set")
    embedder = FaceEmbedder("cpu")
    with pytest.raises(UserError, match="needs at least 200"):
        field.gallery(folder, embedder)
    monkeypatch.setattr(field, "LEAST_PEOPLE", 3)
    people = field.gallery(folder, embedder)
    assert people.shape[1] == 128 and np.linalg.norm(people, axis=1) == pytest.approx(np.ones(len(people)), abs=1e-5)


def test_features_tell_faces_apart_and_say_whose_they_are(tmp_path, monkeypatch):
    write_parser(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    parser = field.ParserFeatures("cpu")
    light, dark = (draw_face((256, 256), POINTS, skin) for skin in ((220, 190, 170), (80, 60, 50)))
    seen = parser.features([light, dark, light], [POINTS] * 3)
    assert seen.shape == (3, 6) and np.array_equal(seen[0], seen[2]) and not np.allclose(seen[0], seen[1])
    assert len(parser.tag) == 8
