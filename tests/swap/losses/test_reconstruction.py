from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from faceswap.swap.losses.reconstruction import ReconstructionLoss, blur, dssim_map, gaussian_windows


def pair(size: int = 32, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    targets = torch.rand(2, 3, size, size, generator=generator)
    images = (targets + 0.1 * torch.randn(2, 3, size, size, generator=generator)).clamp(0, 1)
    return images, targets


def test_the_dssim_is_the_published_one():
    images, targets = pair(64)
    ours = dssim_map(images, targets, gaussian_windows(64, 11, 1))
    for image, target, found in zip(images, targets, ours, strict=True):
        _, full = structural_similarity(
            image.numpy(), target.numpy(), channel_axis=0, data_range=1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, full=True, truncate=3.4,
        )  # fmt: skip
        inner = slice(8, -8)
        wanted = (1 - full[:, inner, inner]) / 2
        assert np.abs(found[:, inner, inner].numpy() - wanted).max() < 1e-4


def test_every_second_window_is_every_second_value():
    images, targets = pair()
    dense = dssim_map(images, targets, gaussian_windows(32, 11, 1))
    torch.testing.assert_close(dssim_map(images, targets, gaussian_windows(32, 11, 2)), dense[..., 1::2, 1::2])


def test_a_perfect_picture_costs_nothing():
    _, targets = pair()
    mask = torch.rand(2, 1, 32, 32)
    parts = ReconstructionLoss(l1=1, mse=1, dssim=1, mask=1)(targets, mask, targets, mask)
    assert set(parts) == {"l1", "mse", "dssim", "mask"}
    assert all(float(value) == pytest.approx(0, abs=1e-6) for value in parts.values())


def test_parts_are_weighted_and_can_be_left_out():
    images, targets = pair()
    mask = torch.ones(2, 1, 32, 32)
    once = ReconstructionLoss(l1=1, mse=1, dssim=1, mask=0)(images, mask, targets, mask)
    thrice = ReconstructionLoss(l1=3, mse=0, dssim=0, mask=0)(images, mask, targets, mask)
    assert set(once) == {"l1", "mse", "dssim"} and set(thrice) == {"l1"}
    torch.testing.assert_close(thrice["l1"], 3 * once["l1"])
    torch.testing.assert_close(once["l1"], (images - targets).abs().mean())
    torch.testing.assert_close(once["mse"], (images - targets).square().mean())


def test_a_model_without_a_mask_has_no_mask_loss():
    images, targets = pair()
    assert "mask" not in ReconstructionLoss()(images, None, targets, torch.ones(2, 1, 32, 32))


def test_outside_the_face_counts_as_much_as_told():
    images, targets = pair()
    images = images.requires_grad_()
    mask = torch.zeros(2, 1, 32, 32)
    mask[..., 8:24, 8:24] = 1
    sum(
        ReconstructionLoss(l1=1, mse=0, dssim=0, background_weight=0.0)(images, None, targets, mask).values()
    ).backward()
    assert (images.grad[..., :8, :] == 0).all() and (images.grad[..., 8:24, 8:24] != 0).any()
    images.grad = None
    sum(
        ReconstructionLoss(l1=1, mse=0, dssim=0, background_weight=0.1)(images, None, targets, mask).values()
    ).backward()
    inside, outside = images.grad[..., 10, 10].abs().max(), images.grad[..., 2, 2].abs().max()
    torch.testing.assert_close(outside / inside, torch.tensor(0.1))


def test_blur_keeps_a_flat_picture():
    flat = torch.full((1, 3, 20, 20), 0.3)
    torch.testing.assert_close(blur(flat, gaussian_windows(20, 7, 2)), torch.full((1, 3, 10, 10), 0.3))


@pytest.mark.parametrize(
    "change",
    [{"l1": -1}, {"l1": 0, "dssim": 0}, {"dssim_window_px": 10}, {"background_weight": 2}, {"mask": float("nan")}],
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(ValueError, match="loss"):
        ReconstructionLoss(**change)
