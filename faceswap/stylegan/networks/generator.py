"""The generator of StyleGAN2: z -> w -> a row of styles for each layer -> an image.

Names of weights follow the published layout (mapping.fc0.weight, synthesis.b4.const, ...), so that weights from
elsewhere need renaming at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.stylegan.networks.layers import GAIN, SLOPE, Dense, modulated_convolution, scaled_leaky_relu, upsampled
from faceswap.utils.choices import Noise
from faceswap.utils.limits import SEED

Rng = torch.Generator | Sequence[torch.Generator] | None  # of random noise: one for all, or one for each image
FIRST_PX = 4  # side of the learned constant


def plan_channels(resolution: int, base: int = 16384, most: int = 512) -> dict[int, int]:
    """Return channels at each resolution, the usual plan: base / resolution, `most` at most."""
    return {side: min(most, base // side) for side in block_sizes(resolution)}


def block_sizes(resolution: int) -> list[int]:
    """Return 4, 8, ... resolution."""
    return [2**power for power in range(2, int(math.log2(resolution)) + 1)]


class Mapping(nn.Module):
    """z (N, z_size) ~ N(0, 1) -> w (N, w_size). Its layers learn at a hundredth of the rate."""

    w_avg: Tensor

    def __init__(self, z_size: int, w_size: int, layers: int, rate: float = 0.01) -> None:
        super().__init__()
        self.layers = layers
        for number in range(layers):
            setattr(self, f"fc{number}", Dense(z_size if number == 0 else w_size, w_size, rate))
        self.register_buffer("w_avg", torch.zeros(w_size))

    def forward(self, z: Tensor) -> Tensor:
        values = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for number in range(self.layers):
            values = scaled_leaky_relu(getattr(self, f"fc{number}")(values))
        return values


class StyledLayer(nn.Module):
    """Modulated 3x3 convolution -> noise -> bias -> leaky ReLU."""

    noise_const: Tensor

    def __init__(self, channels_in: int, channels_out: int, w_size: int, side: int, up: bool, clamp: float | None):
        super().__init__()
        self.side, self.up, self.clamp = side, up, clamp
        self.affine = Dense(w_size, channels_in, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", torch.randn(side, side))

    def forward(self, features: Tensor, w: Tensor, noise: Noise, rng: Rng, fused: bool) -> Tensor:
        # The activation's gain goes into the scales: a leaky ReLU passes positive factors on.
        shift = self.bias[:, None, None] * GAIN
        if noise == "const":
            shift = shift + self.noise_const * (self.noise_strength * GAIN)
        features = modulated_convolution(
            features, self.weight, self.affine(w), shift, gain=GAIN, up=self.up, fused=fused
        )
        if noise == "random":
            drawn = drawn_noise(len(features), self.side, rng, features.device)
            features += (drawn * (self.noise_strength * GAIN)).to(features.dtype)
        features = functional.leaky_relu(features, SLOPE, inplace=True)
        return features if self.clamp is None else features.clamp(-self.clamp, self.clamp)


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to colours, not demodulated."""

    def __init__(self, channels: int, w_size: int, clamp: float | None) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = Dense(w_size, channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, features: Tensor, w: Tensor, fused: bool) -> Tensor:
        styles = self.affine(w) / math.sqrt(self.weight.shape[1])
        shift = self.bias[:, None, None]
        colours = modulated_convolution(features, self.weight, styles, shift, demodulate=False, fused=fused)
        return colours if self.clamp is None else colours.clamp(-self.clamp, self.clamp)


class Block(nn.Module):
    """The layers of one resolution; the picture so far is doubled and added to ("skip" architecture)."""

    def __init__(self, channels_in: int, channels: int, w_size: int, side: int, clamp: float | None) -> None:
        super().__init__()
        self.first = side == FIRST_PX
        if self.first:
            self.const = nn.Parameter(torch.randn(channels, side, side))
        else:
            self.conv0 = StyledLayer(channels_in, channels, w_size, side, True, clamp)
        self.conv1 = StyledLayer(channels, channels, w_size, side, False, clamp)
        self.torgb = ToRGB(channels, w_size, clamp)

    def forward(
        self,
        features: Tensor | None,
        image: Tensor | None,
        rows: Sequence[Tensor],  # of w: one for each layer, the last one for the colours
        noise: Noise,
        rng: Rng,
        fused: bool,
    ) -> tuple[Tensor, Tensor]:
        if features is None:
            features = self.const.expand(len(rows[0]), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        else:
            features = self.conv0(features, rows[0], noise, rng, fused)
        features = self.conv1(features, rows[-2], noise, rng, fused)
        colours = self.torgb(features, rows[-1], fused).to(rows[-1].dtype)
        return features, colours if image is None else upsampled(image) + colours


class Synthesis(nn.Module):
    """Rows of w (N, rows, w_size) -> images (N, 3, R, R), about [-1, 1], float32."""

    def __init__(self, resolution: int, channels: dict[int, int], w_size: int, clamp: float | None) -> None:
        super().__init__()
        self.block_sizes = block_sizes(resolution)
        before = 0
        for side in self.block_sizes:
            setattr(self, f"b{side}", Block(before, channels[side], w_size, side, clamp))
            before = channels[side]

    def forward(
        self, rows: Tensor, noise: Noise = "const", rng: Rng = None, fused: bool = False, until_px: int | None = None
    ) -> Tensor:
        """Return `rng` draws the noise where it is "random".

        Features lie in memory as channels_last, which all layers keep: up to five times faster on a CPU.

        Args:
            fused: See `modulated_convolution`.
            until_px: Stops there.
        """
        features = image = None
        each = rows.unbind(1)
        for number, side in enumerate(self.block_sizes):
            last = 2 * number + 1  # the row of its colours; the next block's first layer shares it
            own = each[max(0, last - 2) : last + 1]
            features, image = getattr(self, f"b{side}")(features, image, own[-3:], noise, rng, fused)
            if side == until_px:
                break
        assert image is not None
        return image

    @torch.no_grad()
    def remove_noise(self) -> None:
        """Take the noise out of all layers, for good."""
        for layer in self.modules():
            if isinstance(layer, StyledLayer):
                layer.noise_strength.zero_()


class Generator(nn.Module):
    """Mapping and synthesis. `settings` are its plain arguments: what a weights file carries.

    `resolution` px, a power of two of 32 to 1024; `channels` at each resolution from 4 up (default: plan_channels);
    `mapping_layers` 2 or 8; `clamp`: see `leaky`. `rows` styles go into an image: 2 log2(resolution) - 2.
    """

    def __init__(
        self,
        resolution: int,
        channels: Sequence[int] | None = None,
        z_size: int = 512,
        w_size: int = 512,
        mapping_layers: int = 8,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        plan = list(plan_channels(resolution).values()) if channels is None else list(channels)
        self.settings: dict[str, Any] = {
            "resolution": resolution,
            "channels": plan,
            "z_size": z_size,
            "w_size": w_size,
            "mapping_layers": mapping_layers,
            "clamp": clamp,
        }
        self.resolution, self.z_size, self.w_size = resolution, z_size, w_size
        self.rows = 2 * len(block_sizes(resolution))
        self.mapping = Mapping(z_size, w_size, mapping_layers)
        self.synthesis = Synthesis(resolution, dict(zip(block_sizes(resolution), plan, strict=True)), w_size, clamp)

    @property
    def average(self) -> Tensor:
        """The mean of w, (w_size,)."""
        return self.mapping.w_avg

    def spread(self, w: Tensor) -> Tensor:
        """Return one w for all layers: (N, w_size) -> (N, rows, w_size)."""
        return w[:, None].expand(-1, self.rows, -1)

    def truncated(self, rows: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """Truncate rows towards the average, `psi` = 0 at it, 1 as they are; only the first `cutoff` rows if given."""
        nearer = torch.lerp(self.average.expand_as(rows), rows, psi)
        return nearer if cutoff is None else torch.cat([nearer[:, :cutoff], rows[:, cutoff:]], 1)

    def forward(
        self,
        z: Tensor,
        psi: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
        rng: Rng = None,
    ) -> Tensor:
        """Return images of z (N, z_size)."""
        return self.synthesis(self.truncated(self.spread(self.mapping(z)), psi, cutoff), noise, rng)


def drawn_noise(count: int, side: int, rng: Rng, device: torch.device) -> Tensor:
    """Return (count, 1, side, side) of N(0, 1)."""
    if rng is None or isinstance(rng, torch.Generator):
        return torch.randn(count, 1, side, side, generator=rng, device=device)
    return torch.stack([torch.randn(1, side, side, generator=own) for own in rng]).to(device)


def noise_rngs(seeds: Sequence[int]) -> list[torch.Generator]:
    """Return generators for `rng`: a seed gives its image the same noise on every machine, alone or in a batch."""
    return [torch.Generator().manual_seed((int(seed) << 8) + 1) for seed in seeds]  # other numbers than its z's


def draw_z(seeds: Sequence[int], size: int) -> Tensor:
    """Return (len(seeds), size) of N(0, 1): each seed gives the same row on every machine, whatever comes with it.

    The rows are those of NVIDIA's programs, numpy's RandomState(seed).randn(1, size), so that published lists of seeds
    show the same faces here. Counted on beyond SEED, seeds begin again at 0.
    """
    rng = np.random.RandomState()
    drawn = np.empty((len(seeds), size), np.float32)
    for row, seed in zip(drawn, seeds, strict=True):
        rng.seed(int(seed) % (SEED + 1))
        row[:] = rng.randn(size)
    return torch.from_numpy(drawn)
