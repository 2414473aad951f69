from __future__ import annotations

import numpy as np
import pytest

from faceswap.compositing.blenders import PoissonBlender, solve_membrane
from tests.compositing.fakes import smooth_picture

SIZE = 64
SEEN = np.ones((SIZE, SIZE), bool)


def _disc(radius: float = 22) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    return np.hypot(x, y) < radius


def _exact(values: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """The same membrane by a direct solve of the five-point equations, free at the border."""
    from scipy.sparse import lil_matrix
    from scipy.sparse.linalg import spsolve

    height, width = fixed.shape
    matrix, right = lil_matrix((fixed.size, fixed.size)), np.zeros((fixed.size, values.shape[2]))
    for y in range(height):
        for x in range(width):
            i = y * width + x
            if fixed[y, x]:
                matrix[i, i], right[i] = 1, values[y, x]
                continue
            near = [(y + dy, x + dx) for dy, dx in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            near = [(b, a) for b, a in near if 0 <= b < height and 0 <= a < width]
            matrix[i, i] = len(near)
            for b, a in near:
                matrix[i, b * width + a] = -1
    return spsolve(matrix.tocsr(), right).reshape(values.shape)


@pytest.mark.parametrize("half_frame", [False, True])
def test_membrane_agrees_with_a_direct_solve(half_frame: bool) -> None:
    values = smooth_picture(SIZE, SIZE).astype(np.float32) / 255 - 0.5
    fixed = ~_disc()
    if half_frame:
        fixed[:, 40:] = False  # beyond the frame nothing is known
    error = np.abs(solve_membrane(values, fixed) - _exact(values, fixed)).max()
    assert error < 2.5 / 255  # of values that span 180 levels


def test_poisson_meets_the_frame_at_the_edge_and_keeps_detail() -> None:
    view = smooth_picture(SIZE, SIZE).astype(np.float32) / 255 * 0.5 + 0.2
    detail = np.zeros_like(view)
    detail[28:36, 28:36] = 0.1
    face = view + detail + (0.1, -0.05, 0.02)
    fitted = PoissonBlender().fit(face.astype(np.float32), view, _disc().astype(np.float32), SEEN)
    np.testing.assert_allclose(fitted, view + detail, atol=2 / 255)


def test_poisson_on_a_larger_face() -> None:
    view = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    fitted = PoissonBlender().fit(np.full((200, 200, 3), 0.3, np.float32), view, _disc().astype(np.float32), SEEN)
    assert fitted.shape == (200, 200, 3)
    np.testing.assert_allclose(fitted, 0.5, atol=1e-3)


def test_poisson_without_an_edge_leaves_the_face_alone() -> None:
    face, view = np.full((SIZE, SIZE, 3), 0.3, np.float32), np.full((SIZE, SIZE, 3), 0.7, np.float32)
    np.testing.assert_array_equal(PoissonBlender().fit(face, view, np.ones((SIZE, SIZE), np.float32), SEEN), face)
    np.testing.assert_array_equal(
        PoissonBlender().fit(face, view, np.zeros((SIZE, SIZE), np.float32), np.zeros_like(SEEN)), face
    )


def test_dark_hair_at_the_edge_does_not_darken_the_face() -> None:
    view = np.full((SIZE, SIZE, 3), 0.7, np.float32)
    view[:, :11] = view[:, -11:] = 0.05  # hair beside a bright face
    view[:14] = 0.05
    face = np.full((SIZE, SIZE, 3), 0.65, np.float32)
    fitted = PoissonBlender().fit(face, view, _disc().astype(np.float32), SEEN)
    assert fitted[24:40, 24:40].min() > 0.6
