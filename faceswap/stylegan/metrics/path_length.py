"""Perceptual path length: how much the image changes along a short step between two latents.

Karras et al. 2019 ("A Style-Based Generator Architecture for GANs", section 4.1) with the changes of StyleGAN2's
appendix. The smaller, the more evenly faces turn into each other: nothing appears and vanishes on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faceswap.stylegan.networks.generator import Generator, draw_z
from faceswap.utils.progress import Progress

EPSILON = 1e-4
KEPT_PERCENTILES = (1.0, 99.0)  # a few pairs would dominate the mean
LARGEST_PX = 256  # larger pictures are averaged down before they are compared

Space = Literal["z", "w"]
Where = Literal["full", "end"]
# Pictures (N, 3, H, W) about [-1, 1], twice -> distances (N,)
Distance = Callable[[Tensor, Tensor], Tensor]


def slerp(one: Tensor, other: Tensor, t: Tensor) -> Tensor:
    """Interpolate on the great circle from (N, D) to (N, D), both normalised, at t (N,): what "between" means in z."""
    one, other = functional.normalize(one, dim=1), functional.normalize(other, dim=1)
    cosine = (one * other).sum(1, keepdim=True).clamp(-1, 1)
    angle = t[:, None] * torch.acos(cosine)
    across = functional.normalize(other - cosine * one, dim=1)
    return one * torch.cos(angle) + across * torch.sin(angle)


def face_crop(images: Tensor) -> Tensor:
    """Return the part around the face that the published figures look at: rows 3/8 to 7/8, columns 2/8 to 6/8."""
    eighth = images.shape[-1] // 8
    return images[:, :, 3 * eighth : 7 * eighth, 2 * eighth : 6 * eighth]


@dataclass(frozen=True)
class PathSteps:
    """The steps that path lengths are measured on.

    Attributes:
        samples: How many.
        crop: Look at the face alone, as the published figures do.
        epsilon: Length of each, as a share of the way.
        batch_size: Steps at a time.
        seed: Of the pairs of faces.
    """

    samples: int = 1000
    crop: bool = False
    epsilon: float = EPSILON
    batch_size: int = 16
    seed: int = 0


@torch.inference_mode()
def path_lengths(
    generator: Generator,
    distance: Distance,
    space: Space = "w",
    where: Where = "end",
    steps: PathSteps = PathSteps(),
) -> NDArray[np.float64]:
    """Return path lengths (samples,): distance of the ends of a step of `epsilon`, divided by its square.

    The noise is the same at both ends.

    Args:
        where: The step begins anywhere between the two ("full") or at the first one ("end").
    """
    samples, batch_size, epsilon, seed = steps.samples, steps.batch_size, steps.epsilon, steps.seed
    rng = torch.Generator().manual_seed(seed)
    place = generator.average.device
    found = []
    with Progress(samples, f"path length {space}, {where}", "pair") as progress:
        for start in range(0, samples, batch_size):
            count = min(batch_size, samples - start)
            first = 2 * (seed * 1_000_003 + start)
            one, other = draw_z(range(first, first + 2 * count), generator.z_size).to(place).chunk(2)
            t = torch.rand(count, generator=rng).to(place) * (where == "full")
            w = torch.cat(_ends(generator, space, (one, other), t, epsilon))
            images = _reduced(generator.synthesis(generator.spread(w)))
            images = face_crop(images) if steps.crop else images
            found.append(distance(*images.chunk(2)).double().cpu().numpy() / epsilon**2)
            progress.advance(count)
    return np.concatenate(found)


def kept_mean(lengths: NDArray) -> float:
    """Return the mean of what lies within KEPT_PERCENTILES: the path length of a generator."""
    low, high = np.percentile(lengths, KEPT_PERCENTILES, method="nearest")
    return float(lengths[(lengths >= low) & (lengths <= high)].mean())


def _ends(
    generator: Generator, space: Space, pair: tuple[Tensor, Tensor], t: Tensor, epsilon: float
) -> tuple[Tensor, Tensor]:
    """Return the styles at both ends of a step between two z (N, D)."""
    one, other = pair
    if space == "z":
        return generator.mapping(slerp(one, other, t)), generator.mapping(slerp(one, other, t + epsilon))
    begin, end = generator.mapping(one), generator.mapping(other)
    return torch.lerp(begin, end, t[:, None]), torch.lerp(begin, end, t[:, None] + epsilon)


def _reduced(images: Tensor) -> Tensor:
    factor = images.shape[-1] // LARGEST_PX
    return functional.avg_pool2d(images, factor) if factor > 1 else images
