"""How far a reconstruction is from its target: pixels, structure, mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from faceswap.swap.losses.config import ReconstructionLossConfig

# Neighbouring windows see almost the same pixels: every second one costs a quarter and trains the same.
_STRIDE = 2


# Of images, masks, targets, target masks and regions (see ReconstructionLoss.__call__): the weighted parts by name. Its
# attribute `needs_regions`, where it has one, tells that it wants the regions.
SwapLoss = Callable[[Tensor, Tensor | None, Tensor, Tensor, Tensor | None], Mapping[str, Tensor]]


class ReconstructionLoss(ReconstructionLossConfig):
    """Weighted sum of pixel, structure and mask errors; the weights are the arguments, 0 leaves a part out.

    `l1`, `mse`: absolute and squared error of RGB in [0, 1]. `dssim`: (1 - SSIM) / 2 with a Gaussian window of
    `dssim_window_px` (Wang et al. 2004: 11), or the mean of two, the other `dssim_second_px` wide. `mask`: squared
    error of the learned mask (models without one skip it). `background_weight`: what a pixel outside the face counts
    against one inside, [0, 1]. `eyes`, `mouth`: what a pixel there counts against any other of the face.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.l1 + self.mse + self.dssim == 0:
            raise ValueError("loss: one of l1, mse, dssim must be above 0")
        for name in ("dssim_window_px", "dssim_second_px"):
            size = getattr(self, name)
            if size is not None and size % 2 == 0:
                raise ValueError(f"loss.{name} must be odd, not {size}")

    @property
    def needs_regions(self) -> bool:
        """Whether it matters where eyes and mouth are."""
        return self.eyes != 1 or self.mouth != 1

    def __call__(
        self,
        images: Tensor,
        masks: Tensor | None,
        targets: Tensor,
        target_masks: Tensor,
        regions: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The weighted parts by name, scalars; their sum is the loss.

        `images`, `targets` (N, 3, R, R) and `masks`, `target_masks` (N, 1, R, R), float32 in [0, 1]. `regions`
        (N, 2, R, R): where eyes and mouth are, likewise; without them every pixel of the face counts the same.
        """
        weights = self.background_weight + (1 - self.background_weight) * target_masks
        if regions is not None:
            weights = weights * (1 + (self.eyes - 1) * regions[:, :1]) * (1 + (self.mouth - 1) * regions[:, 1:])
        parts = {}
        if self.l1:
            parts["l1"] = self.l1 * weighted_mean((images - targets).abs(), weights)
        if self.mse:
            parts["mse"] = self.mse * weighted_mean((images - targets).square(), weights)
        if self.dssim:
            sizes = [size for size in (self.dssim_window_px, self.dssim_second_px) if size is not None]
            means = []
            for size in sizes:
                window = gaussian_windows(images.shape[-1], size, _STRIDE, images.device).to(images.dtype)
                means.append(weighted_mean(dssim_map(images, targets, window), blur(weights, window)))
            parts["dssim"] = self.dssim * (means[0] if len(means) == 1 else torch.stack(means).mean())
        if self.mask and masks is not None:
            parts["mask"] = self.mask * functional.mse_loss(masks, target_masks)
        return parts


def weighted_mean(errors: Tensor, weights: Tensor) -> Tensor:
    """Mean of (N, C, H, W) errors by (N, 1, H, W) weights, first within each face: then parts of a batch add up to it.

    A face without any weight has no error.
    """
    sums = weights.sum((1, 2, 3)).clamp_min(torch.finfo(weights.dtype).tiny) * errors.shape[1]
    return ((errors * weights).sum((1, 2, 3)) / sums).mean()


def dssim_map(images: Tensor, targets: Tensor, window: Tensor) -> Tensor:
    """(1 - SSIM) / 2 at every window, (N, C, h, w) in [0, 1] (Wang et al. 2004, constants for a range of 1).

    No gradient flows into `targets`.
    """
    dark, flat = 0.01**2, 0.03**2
    with torch.no_grad():
        target_mean = blur(targets, window)
        target_variance = blur(targets.square(), window) - target_mean.square()
    mean = blur(images, window)
    variance = blur(images.square(), window) - mean.square()
    covariance = blur(images * targets, window) - mean * target_mean
    luminance = (2 * mean * target_mean + dark) / (mean.square() + target_mean.square() + dark)
    structure = (2 * covariance + flat) / (variance + target_variance + flat)
    return (1 - luminance * structure) / 2


def blur(images: Tensor, window: Tensor) -> Tensor:
    """Window means of (N, C, S, S) by a separable `window` (s, S): (N, C, s, s)."""
    return window @ images @ window.T


@lru_cache(maxsize=8)
def gaussian_windows(size_px: int, window_px: int, stride: int, device: torch.device | None = None) -> Tensor:
    """(size_px / stride, size_px): one Gaussian window a row (sigma 1.5 for 11 px), cut and normalised at the borders.

    As a matrix, because two products are faster on a CPU than a convolution with one channel a group.
    """
    sigma = window_px * 1.5 / 11
    centres = torch.arange(stride // 2, size_px, stride)[:, None]
    distance = (torch.arange(size_px)[None] - centres).float()
    window = torch.exp(-(distance.square()) / (2 * sigma**2)) * (distance.abs() <= window_px // 2)
    return (window / window.sum(1, keepdim=True)).to(device)
