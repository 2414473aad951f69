"""The skin's fine structure, painted by noise on a cylinder around the average head.

Pores, wrinkles, mottling, freckles, stubble.

Made once, kept in the cache folder as memory-mapped arrays that all processes share.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from faceswap.utils.files.atomic import atomic_path
from tools.people.appearance import DETAIL_VARIANTS
from tools.people.assets import cache_folder
from tools.people.head import Head
from tools.people.rasteriser import OPAQUE, rasterise

WIDTH, HEIGHT = 2048, 1024  # round the head, from the neck to the crown: about 0.25 mm a texel
LEVELS = 4  # each half as fine as the one before
BOTTOM_Y, TOP_Y = 5.6, 8.5
AXIS_Z = 0.25
VERSION = 4


def cylinder_uvs(canonical: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return texture coordinates (n, 2) of canonical places (n, 3).

    U round the head with the nose at 0.5, v upwards.
    """
    u = 0.5 + np.arctan2(canonical[:, 0], canonical[:, 2] - AXIS_Z) / (2 * np.pi)
    v = (canonical[:, 1] - BOTTOM_Y) / (TOP_Y - BOTTOM_Y)
    return np.stack([u, v.clip(0, 1)], 1).astype(np.float32)


def load_details(head: Head) -> list[list[NDArray[np.uint8]]]:
    """Return [variant][level] -> (H, W, 5) uint8; made when the cache has none."""
    folder = cache_folder()
    names = [
        [folder / f"skin-{VERSION}-{variant}-{level}.npy" for level in range(LEVELS)]
        for variant in range(DETAIL_VARIANTS)
    ]
    if not all(path.exists() for row in names for path in row):
        places = _places_on_cylinder(head)
        for variant, row in enumerate(names):
            detail: NDArray = paint_detail(places, np.random.default_rng(100 + variant))
            for path in row:
                with atomic_path(path) as temp:
                    np.save(temp, detail)
                detail = cv2.resize(detail, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return [[np.load(path, mmap_mode="r") for path in row] for row in names]


def paint_detail(places: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return one variant (H, W, 5) uint8 over the canonical `places` (H, W, 3) of the texels."""
    shape = places.shape[:2]

    def noise(size: float, stretch: float = 1.0) -> NDArray:
        """Return band-limited noise of spots about `size` texels wide, mean 0, deviation 1."""
        raw = fft.rfft2(rng.standard_normal(shape).astype(np.float32))
        raw *= _blur(shape, (size * stretch, size), truncate=3)
        raw -= raw * _blur(shape, (size * 1.6, size * 1.6), truncate=2.5)
        band = fft.irfft2(raw, shape)
        return band / band.std()

    pores: NDArray = 0.6 * noise(0.8) + 0.4 * noise(1.8)
    mottling = _fine_sum(noise, (12, 24, 48))
    freckles = np.clip(noise(2.2) + 0.6 * noise(4) - 1.25, 0, None) * (0.6 + 0.4 * noise(40).clip(-1, 1.5))
    stubble = noise(0.7, 1.6) + 0.5 * noise(1.4, 1.4)
    layers: list[NDArray] = [
        0.5 + 0.16 * pores,
        1 + wrinkles(places, noise(60), noise(110)),
        0.5 + 0.19 * mottling,
        0.6 * freckles,
        0.5 + 0.2 * stubble,
    ]
    return (np.stack(layers, -1).clip(0, 1) * 255).astype(np.uint8)


def _blur(shape: tuple[int, int], sigmas: tuple[float, float], truncate: float) -> NDArray[np.float32]:
    """Return what a Gaussian that wraps around, cut at `truncate` sigmas, makes of a real picture's spectrum.

    As scipy's gaussian_filter, to rounding; spots of a hundred texels take it twenty times as long.
    """
    responses = []
    for length, sigma in zip(shape, sigmas, strict=True):
        radius = int(truncate * sigma + 0.5)
        offsets = np.arange(-radius, radius + 1)
        weights = np.exp(-0.5 * (offsets / sigma) ** 2)
        kernel = np.bincount(offsets % length, weights / weights.sum(), minlength=length)
        responses.append(fft.fft(kernel).real)
    rows, columns = responses
    return np.outer(rows, columns[: shape[1] // 2 + 1]).astype(np.float32)


def wrinkles(places: NDArray[np.float32], wobble: NDArray, slow: NDArray) -> NDArray[np.float32]:
    """Return depth of the creases, 0 to -1.

    Lines of the brow, crow's feet, under the eyes, beside the mouth, on the neck.
    """
    x, y, z = (places[..., k] for k in range(3))
    side = np.abs(x)
    front = np.clip((z - 0.9) / 0.3, 0, 1)
    brow = np.exp(-(((y - 7.74) / 0.17) ** 2)) * front * np.clip(1 - side / 0.6, 0, 1)
    depth = brow * np.maximum(0, np.sin((y + 0.012 * wobble + 0.05 * side) * 62 + slow) - 0.35) * 1.3
    corner = np.exp(-(((side - 0.56) / 0.10) ** 2) - ((y - 7.31) / 0.11) ** 2)
    angle = np.arctan2(y - 7.31, side - 0.38)
    depth += corner * np.maximum(0, np.sin(angle * 17 + 0.7 * wobble) - 0.3) * 1.2
    under = np.exp(-(((side - 0.31) / 0.14) ** 2) - ((y - 7.17) / 0.05) ** 2) * front
    depth += under * np.maximum(0, np.sin((y + 0.4 * (side - 0.31) ** 2) * 120 + 0.6 * wobble) - 0.2) * 0.9
    fold = np.exp(-(((side - 0.17 - 0.35 * (6.92 - y)) / 0.018) ** 2))
    depth += fold * np.clip((y - 6.6) / 0.1, 0, 1) * np.clip((6.98 - y) / 0.1, 0, 1) * front * 0.45
    depth += 0.5 * np.exp(-(((y - 6.0) / 0.2) ** 2)) * np.maximum(0, np.sin(y * 40 + 0.8 * wobble + slow) - 0.7)
    return -np.clip(depth, 0, 1)


def _fine_sum(noise, sizes: tuple[int, ...]) -> NDArray:
    total = sum(noise(size) for size in sizes)
    return total / total.std()


def _places_on_cylinder(head: Head) -> NDArray[np.float32]:
    """Return the canonical place (H, W, 3) that each texel shows.

    Texels nothing covers take their nearest neighbour's.
    """
    canonical = head.canonical[head.parts["body"].source]
    uvs = cylinder_uvs(canonical)
    triangles = head.parts["body"].triangles
    across_seam = np.ptp(uvs[triangles][:, :, 0], axis=1) > 0.5
    outwards = np.hypot(canonical[:, 0], canonical[:, 2] - AXIS_Z)
    screen = np.column_stack([uvs[:, 0] * WIDTH, (1 - uvs[:, 1]) * HEIGHT, -outwards]).astype(np.float32)
    depth = np.full((HEIGHT, WIDTH), 1e9, np.float32)
    owner = np.full((HEIGHT, WIDTH), -1, np.int32)
    weights = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    whole = np.ones(len(uvs), np.float32)
    rasterise(screen, triangles[~across_seam], 0, depth, owner, weights, False, 0.0, OPAQUE, uvs, whole, 0.0, 1)
    corners = canonical[triangles[~across_seam][owner]]  # H, W, 3 corners, xyz
    shares = np.concatenate([1 - weights.sum(-1, keepdims=True), weights], -1)
    places = np.einsum("hwk,hwkc->hwc", shares, corners)
    nearest = ndimage.distance_transform_edt(owner < 0, return_distances=False, return_indices=True)
    return places[nearest[0], nearest[1]].astype(np.float32)
