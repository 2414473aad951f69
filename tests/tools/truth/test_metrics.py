import numpy as np
import pytest

from faceswap.core.geometry import face_size, landmark_error_percent
from faceswap.core.landmarks import MEAN_FACE
from tests.clips import draw_face
from tools.truth import metrics

POINTS = (MEAN_FACE[:, :2] * 90 + [128, 128]).astype(np.float32)


@pytest.fixture
def face():
    return draw_face((256, 256), POINTS, (200, 160, 140))


@pytest.fixture
def mask(face):
    return metrics.face_mask(POINTS, face.shape)


def test_equal_pictures_have_no_error(face, mask):
    ring = metrics.edge_ring(mask, face_size(POINTS))
    assert metrics.psnr_db(face, face, mask) > 100
    assert metrics.ssim(face, face, mask) == pytest.approx(1)
    assert metrics.gmsd(face, face, mask) == pytest.approx(0, abs=1e-6)
    assert metrics.colour_error(face, face, mask) == 0
    assert metrics.seam_error(face, face, ring) == 0


def test_psnr_of_a_known_error(face, mask):
    assert metrics.psnr_db(np.clip(face, 0, 245) + np.uint8(10), np.clip(face, 0, 245), mask) == pytest.approx(
        28.13, abs=0.01
    )


def test_only_the_inside_counts(face, mask):
    changed = np.where(mask[..., None], face, 0).astype(np.uint8)
    assert metrics.psnr_db(changed, face, mask) > 100


def test_colour_error_sees_a_tint_and_structure_does_not(face, mask):
    tinted = np.clip(face * [1.0, 0.9, 0.8], 0, 255).astype(np.uint8)
    assert metrics.colour_error(tinted, face, mask) > 5
    assert metrics.ssim(tinted, face, mask) > 0.95


def test_a_visible_edge_is_a_seam(face, mask):
    ring = metrics.edge_ring(mask, face_size(POINTS))
    pasted = np.where(mask[..., None], face // 2, face).astype(np.uint8)
    assert metrics.seam_error(pasted, face, ring) > 2


def test_landmark_error_is_a_share_of_the_face_and_leaves_the_jaw_out():
    mouth_lower = POINTS + np.where(np.arange(68)[:, None] >= 48, [0, 6], [0, 0])
    other_jaw = POINTS + np.where(np.arange(68)[:, None] < 17, [9, 9], [0, 0])
    assert landmark_error_percent(mouth_lower, POINTS, 200.0) == pytest.approx(100 * 6 * 20 / 51 / 200)
    assert landmark_error_percent(other_jaw, POINTS, 200.0) == 0


def test_flicker_counts_change_that_the_truth_lacks(face, mask):
    steady, trembling = metrics.Flicker(), metrics.Flicker()
    for index in range(6):
        truth = np.roll(face, index, 1)
        steady.add(truth, truth, mask)
        trembling.add(np.clip(truth.astype(int) + 20 * (index % 2), 0, 255).astype(np.uint8), truth, mask)
    assert steady.ratio == 0
    assert trembling.ratio > 0.5
