"""LPIPS: perceptual distance of two pictures by normalised deep features.

LPIPS (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric"). The published
figures are by VGG16 with learned weights of its channels; without those files the built-in face embedder looks, whose
numbers compare with each other only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from faceswap.facenets import embedder
from faceswap.facenets.loading import load_network
from faceswap.stylegan.inversion.perceptual import read_weights
from faceswap.utils.errors import UserError

# Layers of torchvision's vgg16.features up to the end of its five stages; "M" halves the side.
_VGG_PLAN: tuple[int | str, ...] = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512)
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of pictures in [-1, 1], as LPIPS has them

Distance = Callable[[Tensor, Tensor], Tensor]


class EmbedderDistance:
    """Squared distance of the face embedder's features of length 1: mean over pixels, sum over stages.

    It looks at the whole picture, brought to the size it has learned. `network` replaces the shipped one.
    """

    def __init__(self, device: str = "auto", network: embedder.EmbedderNet | None = None) -> None:
        self._network = network or load_network("embedder", embedder.EmbedderNet, device)[0]

    def __call__(self, one: Tensor, other: Tensor) -> Tensor:
        """Return (N,) for two times (N, 3, H, W) about [-1, 1]."""
        size = (embedder.RESOLUTION_PX, embedder.RESOLUTION_PX)
        both = functional.interpolate(torch.cat([one, other]), size, mode="bilinear", antialias=True)
        stages, _ = self._network.stages(both)
        return torch.stack([_squared(stage, None) for stage in stages]).sum(0)


class VggLpips(nn.Module):
    """LPIPS by VGG16, version 0.1: (N,) for two times (N, 3, H, W) about [-1, 1]."""

    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.ends: list[int] = []
        channels, widths = 3, []
        for step, following in pairwise([*_VGG_PLAN, "M"]):
            if isinstance(step, str):
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, step, 3, padding=1), nn.ReLU()]
            channels = step
            if following == "M":
                self.ends.append(len(layers) - 1)
                widths.append(step)
        self.features = nn.Sequential(*layers)
        self.channels = nn.ParameterList([nn.Parameter(torch.ones(width)) for width in widths])
        self.register_buffer("shift", torch.tensor(_SHIFT)[:, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[:, None, None], persistent=False)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        values = (torch.cat([one, other]) - self.shift) / self.scale
        total = torch.zeros(len(one), device=one.device)
        stages = iter(self.channels)
        for number, layer in enumerate(self.features):
            values = layer(values)
            if number in self.ends:
                total = total + _squared(values, next(stages))
        return total

    @classmethod
    def load(cls, vgg: str | Path, channels: str | Path) -> VggLpips:
        """Load torchvision's vgg16 weights and LPIPS's weights of its channels (lin0.model.1.weight, ...).

        Raises:
            UserError: For files that hold something else.
        """
        network = cls()
        given = read_weights(vgg)
        state = {name: given.get(name) for name in network.state_dict() if name.startswith("features.")}
        weights = read_weights(channels, "lpips")
        for stage in range(len(network.channels)):
            weight = weights.get(f"lin{stage}.model.1.weight")
            state[f"channels.{stage}"] = weight.flatten() if isinstance(weight, Tensor) else None
        _take(network, state, f"vgg={vgg}, lpips={channels}")
        return network.eval().requires_grad_(False)


def _take(network: nn.Module, state: Mapping[str, Tensor | None], what: str) -> None:
    for name, own in network.state_dict().items():
        values = state[name]
        if not isinstance(values, Tensor) or values.shape != own.shape or not values.isfinite().all():
            raise UserError(f"{what}: {name} is missing or does not fit: vgg16's and LPIPS's files for it are needed")
    network.load_state_dict({name: values.float() for name, values in state.items() if values is not None})


def _squared(features: Tensor, weights: Tensor | None) -> Tensor:
    """Return squared distance (N,) of the two halves of features (2 N, C, H, W), each pixel's scaled to length 1."""
    one, other = functional.normalize(features, dim=1, eps=1e-10).chunk(2)
    square = (one - other).square()
    if weights is not None:
        square = square * weights[:, None, None]
    return square.sum(1).mean((1, 2))
