"""Frechet distance between generated and training images, on features of a network.

The Frechet distance of two normal distributions (Heusel et al. 2017). Published figures ("FID") take the features of an
Inception network; ours those of the built-in face embedder, which knows faces and is always at hand: the numbers of the
two kinds have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.facenets import embedder
from faceswap.facenets.loading import load_network
from faceswap.stylegan.data.alignment import STYLE_COVERAGE
from faceswap.stylegan.networks.generator import Generator

Features = Callable[[Tensor], Tensor]  # (N, 3, R, R) about [-1, 1] -> (N, F)
BATCH = 32


def face_features(device: str = "auto") -> Features:
    """Return the built-in embedder's vectors (N, 128) of style crops.

    Raises:
        UserError: It is not there.
    """
    network, place = load_network("embedder", embedder.EmbedderNet, device)

    def features(images: Tensor) -> Tensor:
        margin = round(images.shape[-1] * (1 - embedder.COVERAGE / STYLE_COVERAGE) / 2)
        inner = images[..., margin : images.shape[-1] - margin, margin : images.shape[-1] - margin]
        size = (embedder.RESOLUTION_PX, embedder.RESOLUTION_PX)
        view = functional.interpolate(inner.float().clamp(-1, 1), size, mode="bilinear", antialias=True)
        return network(view.to(place)).float()

    return features


@torch.no_grad()
def cloud(features: Features, batches: Iterable[Tensor]) -> NDArray[np.float64]:
    """Return the features (N, F) of all pictures of some batches."""
    return np.concatenate([features(images).cpu().numpy() for images in batches]).astype(np.float64)


def samples(generator: Generator, count: int, seed: int, psi: float = 1.0) -> Iterable[Tensor]:
    """Yield batches of `count` pictures in all, on the generator's device."""
    rng, place = torch.Generator().manual_seed(seed), generator.average.device
    for start in range(0, count, BATCH):
        z = torch.randn(min(BATCH, count - start), generator.z_size, generator=rng)
        yield generator(z.to(place), psi=psi)


def frechet_distance(one: NDArray, other: NDArray) -> float:
    """Return the distance between clouds (N, F) and (M, F); 0 for the same; biased upwards for small N and M."""
    means, covariances = zip(*((c.mean(0), np.cov(c, rowvar=False)) for c in (one, other)), strict=True)
    root = _root(covariances[0])
    cross = np.linalg.eigvalsh(root @ covariances[1] @ root).clip(0)
    shift = ((means[0] - means[1]) ** 2).sum()
    return float(shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(cross).sum())


def _root(covariance: NDArray) -> NDArray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
