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
        """Return the sharp faces (N, 3, S, S), not clamped.

        Args:
            drawn: (N, 3, S, S) RGB in [0, 1].
            references: (N, K, 3, S, S) RGB in [0, 1]; K may be 0.
            trust: (N, K) 1 for a reference, 0 for none; between, one fades in or out.
            places: (2, S, S) as `places_of` gives them.
        """
        return self.parts(drawn, references, trust, places)[0]

    def parts(self, drawn: Tensor, references: Tensor, trust: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sharp faces and what was borrowed for them.

        Args:
            drawn, references, trust, places: As of `forward`.

        Returns:
            The sharp faces (N, 3, S, S); the relative detail that was borrowed (N, 3, S, S); the share of each place
            that was (N, 1, S / 4, S / 4) in [0, 1].
        """
        blurred = blur(drawn)
        detail = relative_detail(drawn, blurred)
        around = torch.cat([blurred, places.expand(len(drawn), -1, -1, -1)], 1)
        own = self.read_drawn(torch.cat([in_cells(detail, CELL), functional.avg_pool2d(around, CELL)], 1))
        if references.shape[1]:
            features, borrowed, share = self._borrow(own, detail, references, trust)
            taken = _enlarged(share, CELL)
        else:
            features = own.new_zeros(len(own), self.read_reference[0].out_channels, *own.shape[2:])
            borrowed, share = torch.zeros_like(detail), detail.new_zeros(len(own), 1, *own.shape[2:])
            taken = torch.zeros_like(detail[:, :1])
        x = self.fine(self.join(torch.cat([own, features, in_cells(borrowed, CELL), share], 1)))
        x = self.merge(x + _enlarged(self.up(self.deep(self.down(x))), 2))
        added = functional.pixel_shuffle(self.draw(x).float(), CELL) + borrowed - taken * detail
        return drawn + (blurred + FLOOR) * added, borrowed, share

    def _borrow(self, own: Tensor, detail: Tensor, references: Tensor, trust: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the references give where they agree with what is drawn.

        Features (N, C, s, s), detail (N, 3, S, S) and the share of both (N, 1, s, s).
        """
        most = references.shape[1]
        flat = references.flatten(0, 1)
        lent = relative_detail(flat, blur(flat))
        lent = moved(lent, self.flow(detail, lent))
        seen = self.read_reference(in_cells(lent, CELL))
        votes = self.compare[1](_jointly(self.compare[0], own, seen)).unflatten(0, (-1, most))[:, :, 0].float()
        votes = votes + trust.clamp_min(1e-6).log()[:, :, None, None]
        weights = torch.softmax(torch.cat([votes, self.none(own).float()], 1), 1)[:, :most]
        features = _mixed(seen.unflatten(0, (-1, most)), weights)
        borrowed = _mixed(lent.unflatten(0, (-1, most)), _enlarged(weights, CELL))
        return features, borrowed, weights.sum(1, keepdim=True)


class _Flow(nn.Module):
    """Where each place of a reference's detail comes from, (N K, 2, S / 8, S / 8) in pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv2d(width, 2, 1)
        _begin_at_nothing(last)
        self.layers = nn.Sequential(
            _convolution(2 * (2 * CELL) ** 2, width, 1), _convolution(width, width), _convolution(width, width),
            _convolution(width, width), last,
        )  # fmt: skip

    def forward(self, detail: Tensor, lent: Tensor) -> Tensor:
        own, other = (in_cells(x.mean(1, keepdim=True), 2 * CELL) for x in (detail, lent))
        return FARTHEST_PX * torch.tanh(self.layers[1:](_jointly(self.layers[0], own, other)).float())


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


def _jointly(layer: nn.Module, own: Tensor, others: Tensor) -> Tensor:
    """Return a 1 x 1 convolution over the channels of (N, A, s, s) and of each of its (N K, B, s, s).

    What these share is worked out once.
    """
    convolution, activation = layer.children()
    assert isinstance(convolution, nn.Conv2d)
    of_own, of_others = convolution.weight.split([own.shape[1], others.shape[1]], 1)
    both = functional.conv2d(others, of_others, convolution.bias).unflatten(0, (len(own), -1))
    return activation((both + functional.conv2d(own, of_own)[:, None]).flatten(0, 1))


def _mixed(parts: Tensor, weights: Tensor) -> Tensor:
    """Return the sum of (N, K, C, s, s), weighted by (N, K, s, s)."""
    total = parts[:, 0] * weights[:, :1]
    for i in range(1, parts.shape[1]):
        total = total + parts[:, i] * weights[:, i : i + 1]
    return total


def _enlarged(maps: Tensor, factor: int) -> Tensor:
    return functional.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)


def _begin_at_nothing(layer: nn.Conv2d) -> None:
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


def places_of(size_px: int) -> Tensor:
    """Return (2, S, S): where a pixel lies in its view, x and y in [-1, 1]."""
    line = (torch.arange(size_px, dtype=torch.float32) + 0.5) / size_px * 2 - 1
    return torch.stack([line.expand(size_px, -1), line[:, None].expand(-1, size_px)])


def in_cells(images: Tensor, side: int) -> Tensor:
    """Return (N, C, S, S) as (N, C side^2, S / side, S / side), the pixels of a place as its channels.

    As `pixel_unshuffle`, but channels lie together in memory, as convolutions want them.
    """
    count, channels, height, width = images.shape
    cut = images.reshape(count, channels, height // side, side, width // side, side).permute(0, 2, 4, 1, 3, 5)
    return cut.reshape(count, height // side, width // side, channels * side**2).permute(0, 3, 1, 2)


def blur(images: Tensor) -> Tensor:
    """Return pictures (N, 3, S, S) without what is smaller than about an eye: two boxes of 20 pixels, and a tent."""
    small = functional.avg_pool2d(images, CELL)
    for _ in range(2):
        small = functional.avg_pool2d(small, 5, 1, 2, count_include_pad=False)
    return _enlarged(small, CELL)


def relative_detail(images: Tensor, blurred: Tensor) -> Tensor:
    """Return how much brighter or darker than around it a pixel is, as a share, in [-STRONGEST, STRONGEST]."""
    return ((images - blurred) / (blurred + FLOOR)).clamp(-STRONGEST, STRONGEST)


def moved(pictures: Tensor, flow: Tensor) -> Tensor:
    """Return pictures (N, C, S, S) looked up at places that lie `flow` (N, 2, s, s), in pixels x and y, farther on."""
    size = pictures.shape[-1]
    steps = _enlarged(flow * (2 / size), size // flow.shape[-1])
    grid = places_of(size).to(steps) + steps
    return functional.grid_sample(
        pictures.float(), grid.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )
