"""The detail network: what a drawn face lacks, borrowed from pictures of the person that lie at the same points."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAK = 0.1
CELL = 4  # pixels to a side of what the network calls a place
FLOOR = 0.05  # added to brightness before it divides: in the dark noise is no detail
STRONGEST = 1.5  # detail beyond this share of the brightness is cut
FARTHEST_PX = 10.0  # that a reference's detail is moved, beyond the landmarks


class DetailNet(nn.Module):
    """(N, 3, S, S) drawn faces, (N, K, 3, S, S) references -> (N, 3, S, S) sharp faces; S a multiple of 8.

    Pictures are taken apart into brightness and *relative detail* (the picture over its own blur), so that neither the
    light nor the colours of a reference come in: what is drawn keeps its own. Each reference is moved a little further
    onto the drawn face (a flow, as in Xue et al. 2019, TOFlow), every place weighs the references against taking none
    (Bahdanau et al. 2015, attention), and a small U-Net (Ronneberger et al. 2015) on rearranged pixels (Shi et al.
    2016) adds the rest. Without references it restores from the drawn face alone.
    """

    def __init__(self, width: int = 48, reference_width: int = 32, deep_width: int = 96, flow_width: int = 48) -> None:
        super().__init__()
        self.settings = {"width": width, "reference_width": reference_width, "deep_width": deep_width,
                         "flow_width": flow_width}  # fmt: skip
        pixels = 3 * CELL**2
        self.flow = _Flow(flow_width)
        self.read_drawn = _convolution(pixels + 5, width)
        self.read_reference = _convolution(pixels, reference_width)
        self.compare = nn.Sequential(_convolution(width + reference_width, 32, 1), nn.Conv2d(32, 1, 1))
        self.none = nn.Conv2d(width, 1, 1)
        self.join = _convolution(width + reference_width + pixels + 1, width, 1)
        self.fine = _Residual(width)
        self.down = nn.Sequential(nn.Conv2d(width, deep_width, 2, 2), nn.LeakyReLU(LEAK, inplace=True))
        self.deep = nn.Sequential(_Residual(deep_width), _Residual(deep_width))
        self.up = nn.Conv2d(deep_width, width, 1)
        self.merge = _convolution(width, width)
        self.draw = nn.Conv2d(width, pixels, 3, padding=1)
        for layer in (self.draw, self.none):
            _begin_at_nothing(layer)

    def forward(self, drawn: Tensor, references: Tensor, trust: Tensor, places: Tensor) -> Tensor:
        """Return `drawn`, `references` RGB in [0, 1]. The result is not clamped.

        Args:
            trust: (N, K) 1 for a reference, 0 for none, between: fades in; `places` (2, S, S) as `places_of` gives
                them.
        """
        return self.parts(drawn, references, trust, places)[0]

    def parts(self, drawn: Tensor, references: Tensor, trust: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sharp faces, the detail that was borrowed, as relative detail (N, 3, S, S).

        How much of each place is borrowed (N, 1, S / 4, S / 4).
        """
        count, most = references.shape[:2]
        blurred = blur(drawn)
        detail = relative_detail(drawn, blurred)
        small = functional.avg_pool2d(torch.cat([blurred, places.expand(count, -1, -1, -1)], 1), CELL)
        own = self.read_drawn(torch.cat([functional.pixel_unshuffle(detail, CELL), small.to(detail.dtype)], 1))
        none = self.none(own)
        if most:
            lent = relative_detail(flat := references.flatten(0, 1), blur(flat))
            lent = moved(lent, self.flow(detail, lent))
            seen = self.read_reference(functional.pixel_unshuffle(lent, CELL))
            spread = own[:, None].expand(-1, most, -1, -1, -1).flatten(0, 1)
            votes = self.compare(torch.cat([spread, seen], 1)).view(count, most, *own.shape[2:])
            votes = votes.float() + trust.clamp_min(1e-6).log()[:, :, None, None]
            shares = torch.softmax(torch.cat([votes, none.float()], 1), 1)
            weights = shares[:, :most]
            features = (weights[:, :, None] * seen.view(count, most, *seen.shape[1:])).sum(1)
            fine = functional.interpolate(weights, scale_factor=CELL, mode="bilinear", align_corners=False)
            borrowed = (fine[:, :, None] * lent.view(count, most, *lent.shape[1:])).sum(1)
            share, fine_share = weights.sum(1, keepdim=True), fine.sum(1, keepdim=True)
        else:
            features = own.new_zeros(count, self.settings["reference_width"], *own.shape[2:])
            borrowed, share, fine_share = (
                torch.zeros_like(detail),
                torch.zeros_like(none),
                torch.zeros_like(detail[:, :1]),
            )
        inputs = [own, features.to(own.dtype), functional.pixel_unshuffle(borrowed, CELL).to(own.dtype)]
        x = self.fine(self.join(torch.cat([*inputs, share.to(own.dtype)], 1)))
        deep = self.up(self.deep(self.down(x)))
        x = self.merge(x + functional.interpolate(deep, scale_factor=2, mode="bilinear", align_corners=False))
        added = functional.pixel_shuffle(self.draw(x).float(), CELL) + borrowed - fine_share * detail
        return drawn + (blurred + FLOOR) * added, borrowed, share


class _Flow(nn.Module):
    """Where each place of a reference's detail comes from, (N K, 2, S / 8, S / 8) in pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv2d(width, 2, 1)
        _begin_at_nothing(last)
        self.layers = nn.Sequential(
            _convolution(2 * 64, width, 1), _convolution(width, width), _convolution(width, width),
            _convolution(width, width), last,
        )  # fmt: skip

    def forward(self, detail: Tensor, lent: Tensor) -> Tensor:
        own, other = (functional.pixel_unshuffle(x.mean(1, keepdim=True), 8) for x in (detail, lent))
        own = own[:, None].expand(-1, len(other) // len(own), -1, -1, -1).flatten(0, 1)
        return FARTHEST_PX * torch.tanh(self.layers(torch.cat([own, other], 1)).float())


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _convolution(width, width), nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(self.second.weight, std=1e-2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


def _convolution(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)
    return nn.Sequential(convolution, nn.LeakyReLU(LEAK, inplace=True))


def _begin_at_nothing(layer: nn.Conv2d) -> None:
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


def places_of(size_px: int) -> Tensor:
    """Return (2, S, S): where a pixel lies in its view, x and y in [-1, 1]."""
    line = (torch.arange(size_px, dtype=torch.float32) + 0.5) / size_px * 2 - 1
    return torch.stack([line.expand(size_px, -1), line[:, None].expand(-1, size_px)])


def blur(images: Tensor) -> Tensor:
    """Return pictures (N, 3, S, S) without what is smaller than about an eye: two boxes of 20 pixels, and a tent."""
    small = functional.avg_pool2d(images, CELL)
    for _ in range(2):
        small = functional.avg_pool2d(small, 5, 1, 2, count_include_pad=False)
    return functional.interpolate(small, scale_factor=CELL, mode="bilinear", align_corners=False)


def relative_detail(images: Tensor, blurred: Tensor) -> Tensor:
    """Return how much brighter or darker than around it a pixel is, as a share, in [-STRONGEST, STRONGEST]."""
    return ((images - blurred) / (blurred + FLOOR)).clamp(-STRONGEST, STRONGEST)


def moved(pictures: Tensor, flow: Tensor) -> Tensor:
    """Return pictures (N, C, S, S) looked up at places that lie `flow` (N, 2, s, s), in pixels x and y, farther on."""
    size = pictures.shape[-1]
    steps = functional.interpolate(flow, size=(size, size), mode="bilinear", align_corners=False) * (2 / size)
    grid = places_of(size).to(steps) + steps
    return functional.grid_sample(
        pictures.float(), grid.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )
