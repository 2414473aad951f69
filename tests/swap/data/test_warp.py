from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from faceswap.core.geometry import view_of_crop
from faceswap.swap.data.warp import GRID, Warp, WarpField, sample_cv2, sample_torch, sampling_maps, still


def pictures(count: int, size: int, channels: int = 4, seed: int = 0) -> np.ndarray:
    """Smooth random pictures: neighbouring pixels differ by a few grey levels."""
    noise = np.random.default_rng(seed).integers(0, 255, (count, size // 4, size // 4, channels)).astype(np.uint8)
    return np.stack([cv2.resize(n, (size, size), interpolation=cv2.INTER_CUBIC) for n in noise])


def as_torch(crops: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize(("size", "resolution"), [(64, 48), (100, 64), (50, 64)])
def test_both_executors_draw_the_same(size, resolution):
    crops = pictures(6, size)
    grids = Warp().draw(np.random.default_rng(1), 6, 0.8).grids
    on_cpu = np.stack([sample_cv2(*face, resolution) for face in zip(crops, grids, strict=True)]).astype(np.float32)
    on_gpu = sample_torch(as_torch(crops), torch.from_numpy(grids), resolution).permute(0, 1, 3, 4, 2).numpy()
    assert on_cpu.shape == on_gpu.shape == (6, 2, resolution, resolution, 4)
    # cv2 rounds positions to 1/32 px and values to whole grey levels.
    assert np.abs(on_cpu - on_gpu).mean() < 0.5
    assert np.abs(on_cpu - on_gpu).max() <= 5


def test_no_warp_is_the_view_that_inference_sees():
    crop = pictures(1, 80)[0]
    drawn = sample_cv2(crop, still(0.8)[None], 64)[0]
    wanted = cv2.warpAffine(crop, view_of_crop(80, 0.8, 64), (64, 64), flags=cv2.INTER_LINEAR)
    assert np.abs(drawn.astype(int) - wanted).max() <= 2


def test_without_jitter_input_and_target_agree():
    field = Warp(jitter=0).draw(np.random.default_rng(0), 3, 0.7)
    np.testing.assert_allclose(field.input, field.target, atol=1e-6)


def test_only_the_input_is_jittered_and_by_the_given_amount():
    warp = Warp(rotation_degrees=0, zoom=0, shift=0, flip=0)
    field = warp.draw(np.random.default_rng(0), 4000, 0.8)
    np.testing.assert_allclose(field.target, np.broadcast_to(still(0.8), (4000, 5, 5, 2)), atol=1e-6)
    moved = (field.input - field.target) / 0.8  # in shares of the view
    assert moved.std() == pytest.approx(5 / 256, rel=0.02)
    assert abs(moved.mean()) < 2e-4


def test_a_flip_mirrors_input_and_target():
    crop = pictures(1, 64)[0]
    plain, mirrored = (
        sample_cv2(crop, Warp(0, 0, 0, flip, 0).draw(np.random.default_rng(0), 1, 1.0).grids[0], 64) for flip in (0, 1)
    )
    assert np.abs(plain[:, :, ::-1].astype(int) - mirrored).max() <= 1


@given(st.integers(0, 2**32), st.floats(0, 30), st.floats(0, 0.3), st.floats(0, 0.2), st.floats(0.5, 1))
def test_targets_stay_within_the_stated_limits(seed, rotation, zoom, shift, coverage):
    warp = Warp(rotation, zoom, shift, 0.5, 0.02)
    target = warp.draw(np.random.default_rng(seed), 5, coverage).target.astype(np.float64)
    right, down = target[:, 0, -1] - target[:, 0, 0], target[:, -1, 0] - target[:, 0, 0]
    lengths = np.linalg.norm(right, axis=1)
    assert (lengths >= coverage / (1 + zoom) - 1e-5).all() and (lengths <= coverage / (1 - zoom) + 1e-5).all()
    angle = np.degrees(np.arctan2(-down[:, 0], down[:, 1]))  # the downward edge does not see the flip
    assert (np.abs(angle) <= rotation + 1e-3).all()
    centre = target[:, GRID // 2, GRID // 2]
    assert (np.abs(centre - 0.5) <= shift * coverage + 1e-5).all()
    assert np.abs((right * down).sum(1)).max() < 1e-5  # no shear


def test_control_points_span_the_view_from_border_to_border():
    line = np.linspace(0, 1, GRID, dtype=np.float32)
    maps = sampling_maps(np.stack(np.meshgrid(line, line), -1)[None], 16)[0]
    centres = (np.arange(16) + 0.5) / 16
    np.testing.assert_allclose(maps, np.stack(np.meshgrid(centres, centres), -1), atol=1e-6)


@pytest.mark.parametrize("change", [{"zoom": 1}, {"flip": 1.5}, {"jitter": -1}, {"rotation_degrees": float("nan")}])
def test_impossible_settings_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Warp(**change)


def test_a_field_checks_its_shape():
    with pytest.raises(ValueError, match="target"):
        WarpField(np.zeros((1, 5, 5, 2), np.float32), np.zeros((1, 4, 4, 2), np.float32))


def test_a_resolution_the_grid_cannot_meet_is_refused():
    with pytest.raises(ValueError, match="multiple of 8"):
        sampling_maps(np.zeros((1, GRID, GRID, 2), np.float32), 36)
