from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap.compositing.masks.learned import LearnedMask
from faceswap.compositing.masks.shapes import BROW_ENDS, MASK_PX, BoxMask, HullMask, face_size
from faceswap.swap.data.face_mask import face_outline
from tests.compositing.fakes import face_points

POINTS = face_points((63.5, 63.5), 85)


def _disc(size: int = 128, radius: float = 50) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return (np.hypot(x, y) < radius).astype(np.float32)


MASKS = [HullMask(), BoxMask(), LearnedMask(), HullMask(0.1, 0.0), BoxMask(0.0, 0.5), LearnedMask(0.05, 0.3)]


@pytest.mark.parametrize("mask", MASKS)
def test_alpha_is_sane(mask) -> None:
    alpha = mask.alpha(POINTS, 128, _disc())
    assert alpha.dtype == np.float32 and alpha.shape[0] == alpha.shape[1]
    assert alpha.min() == 0 and 0.99 < alpha.max() <= 1
    assert alpha[[0, -1]].max() == 0 and alpha[:, [0, -1]].max() == 0


@pytest.mark.parametrize("mask", [HullMask(0, 0.2), HullMask(0.1, 0.1)])
def test_hull_rises_inwards_only(mask: HullMask) -> None:
    """0 on and outside the outline, 1 further inside than erode + feather, by the true distance to the outline."""
    alpha = mask.alpha(POINTS, 128, None)
    outline = face_outline(POINTS, brow_ends=BROW_ENDS)
    size = face_size(POINTS)
    for y in range(0, 128, 3):
        for x in range(0, 128, 3):
            inside_px = cv2.pointPolygonTest(outline, (x, y), True)
            if inside_px <= mask.erode * size:
                assert alpha[y, x] < 1e-4
            elif inside_px >= (mask.erode + mask.feather) * size and min(x, y, 127 - x, 127 - y) > 20:
                assert alpha[y, x] > 1 - 1e-4


@pytest.mark.parametrize("kind", [HullMask, BoxMask, LearnedMask])
def test_erode_shrinks_and_feather_softens(kind) -> None:
    plain, eroded = kind(0, 0.05).alpha(POINTS, 128, _disc()), kind(0.1, 0.05).alpha(POINTS, 128, _disc())
    soft = kind(0, 0.3).alpha(POINTS, 128, _disc())
    assert (eroded <= plain + 1e-6).all() and eroded.sum() < 0.9 * plain.sum()
    assert np.abs(np.diff(soft, axis=0)).max() < 0.3 * np.abs(np.diff(plain, axis=0)).max()


def test_mask_follows_fractions_of_a_pixel() -> None:
    """A face that moves by 0.2 px moves its mask by 0.2 px: no hopping."""
    sums = [HullMask(0, 0.1).alpha(POINTS + (step * 0.2, 0), 128, None) for step in range(6)]
    centres = [(a.sum(0) @ np.arange(MASK_PX)) / a.sum() for a in sums]
    np.testing.assert_allclose(np.diff(centres), 0.2, atol=0.01)


@given(
    x=st.floats(20, 110), y=st.floats(20, 110), height=st.floats(20, 160), degrees=st.floats(-180, 180),
    feather=st.floats(0, 0.3), kind=st.sampled_from([HullMask, BoxMask]),
)  # fmt: skip
@settings(max_examples=60)
def test_the_edge_is_exact(x: float, y: float, height: float, degrees: float, feather: float, kind) -> None:
    """The alpha is the ramp over the distance to the outline, or to the view's border where that is nearer."""
    points = face_points((x, y), height, degrees)
    outline = face_outline(points, brow_ends=BROW_ENDS if kind is HullMask else 0)
    if kind is BoxMask:
        (left, top), (right, bottom) = outline.min(0), outline.max(0)
        outline = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    row, column = np.mgrid[:MASK_PX, :MASK_PX].astype(float)
    distance = np.minimum(np.minimum(row, MASK_PX - 1 - row), np.minimum(column, MASK_PX - 1 - column))
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, 0), strict=True):
        # cv2's hulls run clockwise on the screen
        side = (x1 - x0) * (row - y0) - (y1 - y0) * (column - x0)
        distance = np.minimum(distance, side / max(np.hypot(x1 - x0, y1 - y0), 1e-3))
    t = np.clip(distance / max(feather * face_size(points), 1), 0, 1)
    np.testing.assert_allclose(kind(0, feather).alpha(points, MASK_PX, None), t * t * (3 - 2 * t), atol=2e-3)


@pytest.mark.parametrize("kind", [HullMask, BoxMask])
def test_a_tenth_of_a_pixel_moves_the_alpha_a_little(kind) -> None:
    """No pixel jumps when a face drifts: the alpha changes by its slope times the way, step after step."""
    feather = 0.1
    slope_per_px = 1.5 / (feather * face_size(POINTS))
    alphas = [kind(0, feather).alpha(POINTS + (0.1 * step, 0.05 * step), 128, None) for step in range(40)]
    for before, after in pairwise(alphas):
        assert np.abs(after - before).max() <= slope_per_px * np.hypot(0.1, 0.05) * 1.05


def test_resolution_of_the_view_does_not_matter() -> None:
    small = (POINTS + 0.5) / 2 - 0.5
    np.testing.assert_allclose(HullMask().alpha(POINTS, 128, None), HullMask().alpha(small, 64, None), atol=1e-3)


def test_forehead_raises_the_hull() -> None:
    low, high = HullMask(forehead=0).alpha(POINTS, 128, None), HullMask(forehead=2).alpha(POINTS, 128, None)
    assert np.flatnonzero(high.max(1))[0] < np.flatnonzero(low.max(1))[0] - 5


@given(st.lists(st.floats(-300, 400, width=32), min_size=136, max_size=136))
@settings(max_examples=50)
def test_any_points_give_finite_alpha(values: list[float]) -> None:
    points = np.array(values, np.float32).reshape(68, 2)
    for mask in (HullMask(), BoxMask(), LearnedMask()):
        alpha = mask.alpha(points, 128, np.zeros((64, 64), np.float32))
        assert np.isfinite(alpha).all() and alpha.min() >= 0 and alpha.max() <= 1


def test_points_on_one_spot_give_an_empty_mask() -> None:
    assert HullMask().alpha(np.full((68, 2), 64, np.float32), 128, None).max() == 0


@pytest.mark.parametrize("kind", [HullMask, BoxMask, LearnedMask])
@pytest.mark.parametrize(("name", "value"), [("erode", -0.1), ("feather", 0.6), ("forehead", 9)])
def test_values_out_of_range(kind, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"mask.{name}"):
        kind(**{name: value})


@pytest.mark.parametrize("x", [-1, 1])
def test_the_hull_covers_the_outer_ends_of_the_brows(x: int) -> None:
    end, other = (17, 21) if x < 0 else (26, 22)
    alpha = HullMask().alpha(POINTS, MASK_PX, None)
    place = POINTS[end] + 0.05 * (POINTS[end] - POINTS[other])
    assert alpha[tuple(np.round(place[::-1]).astype(int))] > 0.35
