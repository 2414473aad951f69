"""What a network that knows faces sees in a reconstruction: whose face it is, its features, their texture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from faceswap.engine.accelerator import Accelerator
from faceswap.facenets import embedder
from faceswap.facenets.loading import load_network
from faceswap.swap.losses.config import LikenessConfig

FINE = 1.5  # times the embedder's pixels from which on a picture is also looked at closely
CLOSE_LAYERS = 2


class Likeness(LikenessConfig):
    """Weights of three losses by the built-in embedder; 0 leaves one out, and with all 0 nothing is loaded.

    `identity`: 1 - cosine of the two faces' vectors. `perceptual`: squared distance of every stage's features, each of
    length 1 (LPIPS, Zhang et al. 2018, all channels alike); of a picture much larger than the embedder's also of the
    first layers on the picture as it is. `gram`: relative squared distance of the features' Gram
    matrices (Gatys et al. 2016): the same grain of skin, wherever it lies.
    """

    def build(self, coverage: float, accelerator: Accelerator) -> LikenessLoss | None:
        """The loss for a model that sees `coverage` of a crop. Raises UserError when the embedder is not there."""
        if self == Likeness():
            return None
        network, _ = load_network("embedder", embedder.EmbedderNet, str(accelerator.device))
        return LikenessLoss(self, network, coverage, accelerator.autocast)


class LikenessLoss:
    """Compares pictures of a model with their targets; gradients flow into the pictures alone."""

    def __init__(
        self,
        weights: Likeness,
        network: embedder.EmbedderNet,
        coverage: float,
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._weights = weights
        self._network = network.eval().requires_grad_(False)
        self._autocast = autocast
        self._share = embedder.COVERAGE / coverage

    def __call__(self, images: Tensor, targets: Tensor, target_masks: Tensor) -> dict[str, Tensor]:
        """The weighted parts by name. `images`, `targets` (N, 3, R, R) and masks (N, 1, R, R), float32 in [0, 1].

        Outside of the mask both show the target: what is not the face says nothing about it.
        """
        shown = torch.lerp(targets, images.float(), target_masks)
        stages, vectors = self._see(shown)
        with torch.no_grad():
            wanted, likes = self._see(targets)
        fine: list[tuple[Tensor, Tensor]] = []
        if self._weights.perceptual and images.shape[-1] * self._share >= FINE * embedder.RESOLUTION_PX:
            with torch.no_grad():
                close = self._see_closely(targets)
            fine = list(zip(self._see_closely(shown), close, strict=True))
        parts = {}
        if self._weights.identity:
            parts["identity"] = self._weights.identity * (1 - functional.cosine_similarity(vectors, likes)).mean()
        pairs = list(zip(stages, wanted, strict=True))
        if self._weights.perceptual:
            distances = [(_unit(seen) - _unit(target)).square().sum(1).mean() for seen, target in [*pairs, *fine]]
            parts["perceptual"] = self._weights.perceptual * torch.stack(distances).mean()
        if self._weights.gram:
            distances = [_relative_distance(_gram(seen), _gram(target)) for seen, target in pairs]
            parts["gram"] = self._weights.gram * torch.stack(distances).mean()
        return parts

    def _see_closely(self, images: Tensor) -> list[Tensor]:
        """The features of the first layers on every pixel that was drawn.

        Edges and grain that the embedder's own view is too small for.
        """
        margin = max(0, round(images.shape[-1] * (1 - self._share) / 2))
        seen, features = functional.pad(images, [-margin] * 4) * 2 - 1, []
        with self._autocast():
            for layer in list(self._network.trunk)[:CLOSE_LAYERS]:
                seen = layer(seen)
                features.append(seen.float())
        return features

    def _see(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        with self._autocast():
            return self._network.stages(inner_view(images, self._share, embedder.RESOLUTION_PX) * 2 - 1)


def inner_view(images: Tensor, share: float, size_px: int) -> Tensor:
    """The central `share` of square pictures (N, C, R, R), `size_px` wide; a share above 1 repeats their borders."""
    margin = round(images.shape[-1] * (1 - share) / 2)
    inner = functional.pad(images, [-margin] * 4, mode="replicate" if margin < 0 else "constant")
    return functional.interpolate(inner, (size_px, size_px), mode="bilinear", align_corners=False, antialias=True)


def _unit(features: Tensor) -> Tensor:
    return functional.normalize(features, dim=1, eps=1e-6)


def _gram(features: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, C), means over the pixels."""
    flat = features.flatten(2)
    return flat @ flat.mT / flat.shape[2]


def _relative_distance(one: Tensor, other: Tensor) -> Tensor:
    return ((one - other).square().sum((1, 2)) / (other.square().sum((1, 2)) + 1e-6)).mean()
