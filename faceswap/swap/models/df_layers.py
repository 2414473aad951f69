"""What `df` and `liae` share: encoder, dense layers and decoder of DeepFaceLab's `-ud` models, from published facts.

`u`: each picture's features are scaled to unit size (pixel norm, Karras et al. 2018) before the dense layers. `d`: the
last doubling of the picture is four small convolutions, one for each pixel of a 2 x 2 block. The mask has a branch of
its own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.swap.models.bottleneck import bottleneck
from faceswap.swap.models.layers import OUTPUT_SCALES, Convolution, Reduced, Residual, downscale, upscale

SIDES_PX = (64, 512)
DIMENSIONS = {"ae_dims": (8, 1024), "e_dims": (4, 256), "d_dims": (4, 256), "d_mask_dims": (4, 256)}
_RESIDUAL_SLOPE = 0.2
_PHASES = 4  # of the last doubling: upper left, upper right, lower left, lower right


def check_sizes(resolution: int, output_scale: int, **dimensions: int) -> None:
    """Raises ValueError for a resolution, its scale or a number of channels that these models cannot have."""
    low, high = SIDES_PX
    if output_scale not in OUTPUT_SCALES:
        raise ValueError(f"model.output_scale must be 1 or 2, not {output_scale}")
    step, low = 32 * output_scale, low * output_scale
    if not (low <= resolution <= high and resolution % step == 0):
        raise ValueError(f"model.resolution must be a multiple of {step} from {low} to {high}, not {resolution}")
    for name, value in dimensions.items():
        low, high = DIMENSIONS[name]
        if not (low <= value <= high and value % 2 == 0):
            raise ValueError(f"model.{name} must be even and from {low} to {high}, not {value}")


class PixelNorm(nn.Module):
    """Scales each row of (N, D) to a mean square of 1."""

    def forward(self, features: Tensor) -> Tensor:
        wide = features.float()
        return (wide * torch.rsqrt(wide.square().mean(1, keepdim=True) + 1e-8)).to(features.dtype)


def encoder(e_dims: int, output_scale: int) -> nn.Sequential:
    """(N, 3, R, R), looked at `output_scale` times smaller -> (N, 8 e_dims (R / 16)^2).

    Four strided 5x5 convolutions, then pixel norm.
    """
    return Reduced(
        output_scale,
        downscale(3, e_dims),
        downscale(e_dims, 2 * e_dims),
        downscale(2 * e_dims, 4 * e_dims),
        downscale(4 * e_dims, 8 * e_dims),
        nn.Flatten(),
        PixelNorm(),
    )


def inter(resolution: int, e_dims: int, ae_dims: int, channels: int, beta: float) -> nn.Sequential:
    """The encoder's output -> dense `ae_dims`, the code -> (N, channels, R / 16, R / 16)."""
    side = resolution // 32
    return nn.Sequential(
        bottleneck(8 * e_dims * (resolution // 16) ** 2, ae_dims, beta),
        nn.Linear(ae_dims, side * side * channels),
        nn.Unflatten(1, (channels, side, side)),
        upscale(channels, channels),
    )


class UdDecoder(nn.Module):
    """(N, channels, R / 16, R / 16) -> (N, 4, S R, S R): RGB and mask before the sigmoid, by a branch each.

    With an `output_scale` S of 2 the last convolutions draw four values where they drew one.
    """

    def __init__(self, channels: int, d_dims: int, d_mask_dims: int, output_scale: int = 1) -> None:
        super().__init__()
        self.output_scale, values = output_scale, output_scale**2
        self.picture = nn.Sequential(
            upscale(channels, 8 * d_dims),
            Residual(8 * d_dims, _RESIDUAL_SLOPE),
            upscale(8 * d_dims, 4 * d_dims),
            Residual(4 * d_dims, _RESIDUAL_SLOPE),
            upscale(4 * d_dims, 2 * d_dims),
            Residual(2 * d_dims, _RESIDUAL_SLOPE),
        )
        self.phases = nn.ModuleList(
            Convolution(2 * d_dims, 3 * values, 1 if phase == 0 else 3) for phase in range(_PHASES)
        )
        self.mask = nn.Sequential(
            upscale(channels, 8 * d_mask_dims),
            upscale(8 * d_mask_dims, 4 * d_mask_dims),
            upscale(4 * d_mask_dims, 2 * d_mask_dims),
            upscale(2 * d_mask_dims, d_mask_dims),
            Convolution(d_mask_dims, values, 1),
        )

    def forward(self, code: Tensor) -> Tensor:
        features = self.picture(code)
        drawn = torch.stack([phase(features) for phase in self.phases], dim=2)  # (N, 3 S^2, 4, R / 2, R / 2)
        picture = functional.pixel_shuffle(drawn.flatten(1, 2), 2)
        if self.output_scale > 1:
            picture = functional.pixel_shuffle(picture, self.output_scale)
        return torch.cat([picture, self.drawn_mask(code)], dim=1)

    def drawn_mask(self, code: Tensor) -> Tensor:
        """(N, 1, S R, S R), before the sigmoid."""
        mask = self.mask(code)
        return functional.pixel_shuffle(mask, self.output_scale) if self.output_scale > 1 else mask
