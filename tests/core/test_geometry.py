import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap.core import geometry
from faceswap.core.landmarks import FLIP_68, INNER, MEAN_FACE
from faceswap.core.values import Face, Frame

numbers = st.floats(-1, 1)


@given(st.floats(-np.pi, np.pi), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_similarity_recovers_any_rotation_scale_and_shift(angle, scale, x, y):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    true = np.array([[cos, -sin, x], [sin, cos, y]])
    points = MEAN_FACE[:, :2]
    found = geometry.similarity(points, points @ true[:, :2].T + true[:, 2])
    assert np.allclose(found, true, atol=1e-6 * max(1, scale, abs(x), abs(y)))


def test_similarity_does_not_mirror():
    points = MEAN_FACE[:, :2]
    assert np.linalg.det(geometry.similarity(points, points * [-1, 1])[:, :2]) > 0


def test_similarity_of_coinciding_points_is_refused():
    with pytest.raises(ValueError, match="coincide"):
        geometry.similarity(np.ones((5, 2)), np.zeros((5, 2)))


@given(st.floats(-3, 3), st.floats(0.1, 10), st.floats(-100, 100))
def test_invert_and_compose_cancel(angle, scale, shift):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cos, -sin, shift], [sin, cos, -shift]])
    identity = geometry.compose(geometry.invert(matrix), matrix)
    assert np.allclose(identity, [[1, 0, 0], [0, 1, 0]], atol=1e-6)


def test_align_brings_the_mean_face_to_its_place(portrait):
    frame, face = portrait
    aligned = geometry.align(frame, face, 128)
    assert np.allclose(aligned.points[INNER], geometry.mean_face_in_crop(128)[INNER], atol=0.01)
    assert aligned.image.shape == (128, 128, 3)


@pytest.mark.parametrize("size_px", [32, 64, 200, 700])
def test_crop_keeps_a_mark_at_its_point(size_px):
    # A white disc at the nose tip must lie at the transformed nose tip, whether the crop shrinks or grows.
    points = (MEAN_FACE[:, :2] * 200 + [311.3, 287.7]).astype(np.float32)
    image = np.zeros((600, 640, 3), np.uint8)
    rows, columns = np.mgrid[:600, :640]
    nose = points[33]
    image[np.hypot(columns - nose[0], rows - nose[1]) < 14] = 255
    aligned = geometry.align(Frame(image, 0, 0.0), Face.from_points(points), size_px)
    weight = aligned.image[..., 0].astype(float)
    rows, columns = np.mgrid[:size_px, :size_px]
    centre = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    assert np.abs(centre - aligned.points[33]).max() < 0.12


def test_shrinking_averages_instead_of_aliasing():
    # One-pixel stripes have the mean 127.5; point sampling would show a moire of 0 and 255.
    image = np.zeros((800, 800, 3), np.uint8)
    image[:, ::2] = 255
    points = MEAN_FACE[:, :2] * 330 + 400
    crop = geometry.warp_crop(image, geometry.frame_to_crop_for(points, 64), 64)
    assert np.abs(crop[8:-8, 8:-8].astype(float) - 127.5).max() < 20


def test_a_crop_beyond_the_frame_is_black():
    image = np.full((100, 100, 3), 200, np.uint8)
    points = MEAN_FACE[:, :2] * 300 + [5000, 5000]
    assert geometry.warp_crop(image, geometry.frame_to_crop_for(points, 64), 64).max() == 0


@pytest.mark.parametrize("size_px", [16, 64, 256])
def test_an_aligned_face_at_the_edge_of_the_frame_has_no_black_wedge(size_px):
    image = np.full((100, 100, 3), 200, np.uint8)
    image[:, :50] = 90
    points = (MEAN_FACE[:, :2] * 60 + [4, 95]).astype(np.float32)
    aligned = geometry.align(Frame(image, 0, 0.0), Face.from_points(points), size_px)
    assert (geometry.warp_crop(image, aligned.frame_to_crop, size_px) == 0).mean() > 0.3
    assert aligned.image.min() == 90 and aligned.image[:, 0].max() == 90


@pytest.mark.parametrize(("crop", "coverage", "resolution"), [(256, 0.8, 64), (80, 0.8, 64), (100, 1.0, 100)])
def test_view_covers_the_centre_of_the_crop(crop, coverage, resolution):
    matrix = geometry.view_of_crop(crop, coverage, resolution)
    margin = (1 - coverage) / 2 * crop
    edges = np.array([[margin - 0.5] * 2, [crop - margin - 0.5] * 2])
    assert np.allclose(geometry.transform_points(matrix, edges), [[-0.5] * 2, [resolution - 0.5] * 2], atol=1e-4)


@given(st.floats(-40, 40), st.floats(-30, 30), st.floats(-170, 170))
def test_head_pose_recovers_the_angles_of_a_turned_mean_head(yaw, pitch, roll):
    pose = geometry.head_pose(_turned(yaw, pitch, roll))
    assert np.allclose([pose.yaw, pose.pitch, pose.roll], [yaw, pitch, roll], atol=0.2)


def test_head_pose_signs():
    # In words: a nose left of the face's middle is a positive yaw; looking up is a negative pitch.
    turned = _turned(25, 0, 0)
    assert turned[30, 0] < turned[[0, 16], 0].mean()
    raised = _turned(0, -25, 0)
    assert raised[30, 1] - raised[27:31, 1].mean() < MEAN_FACE[30, 1] - MEAN_FACE[27:31, 1].mean()
    clockwise = _turned(0, 0, 20)
    assert clockwise[45, 1] > clockwise[36, 1]


def test_mean_face_is_symmetric_and_flip_is_an_involution():
    assert (FLIP_68[FLIP_68] == np.arange(68)).all()
    assert np.allclose(MEAN_FACE[FLIP_68] * [-1, 1, 1], MEAN_FACE)
    assert np.abs(MEAN_FACE[INNER, :2].mean(0)).max() < 0.002


def _turned(yaw, pitch, roll):
    """The mean head under Rz(roll) Rx(pitch) Ry(yaw), seen from far away: the definition, written out independently."""
    y, p, r = np.radians([yaw, pitch, roll])
    # Points: x right, y down, z away. The nose points to -z, so turning it to -x is a positive angle about +y.
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (MEAN_FACE @ (about_z @ about_x.T @ about_y).T)[:, :2]


@pytest.fixture
def portrait():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (300, 280, 3), np.uint8)
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    return Frame(image, 0, 0.0), Face.from_points(MEAN_FACE[:, :2] @ turn.T * 120 + [140, 150])
