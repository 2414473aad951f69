"""The inner loop that turns triangles into samples: a z-buffer with alpha-tested cut-outs, one thread, no GIL."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

FAR = np.float32(1e9)
OPAQUE = np.ones((1, 1), np.float32)
# a hair of overlap: rounding must not leave gaps between neighbours
EDGE = np.float32(-1e-5)
jit = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")


@jit
def hash01(a, b, c):
    """Return a reproducible number in [0, 1) from three integers (xorshift)."""
    x = np.uint32(a * 1973 + b * 9277 + c * 26699) | np.uint32(1)
    x ^= x << np.uint32(13)
    x ^= x >> np.uint32(17)
    x ^= x << np.uint32(5)
    return np.float32(x & np.uint32(0xFFFFFF)) * np.float32(1 / 16777216)


@jit
def cutout_threshold(i, j, layer, samples):
    """Return the opacity a layer needs to show at sample (i, j) of a picture with samples x samples per pixel.

    Stratified: the samples of one pixel get evenly spread thresholds in an order that differs from pixel to pixel and
    from layer to layer, so that averaging them shows the opacity with little noise.
    """
    count = samples * samples
    px, py = i // samples, j // samples
    place = (j - py * samples) * samples + (i - px * samples)
    start = int(hash01(px, py, layer) * count)
    rank = (place * (count - 1) + start) % count
    return (rank + hash01(px, layer, py)) / count


@jit
def sample_opacity(opacity_map, u, v):
    """Return bilinear opacity at texture coordinates, which repeat; v points up."""
    height, width = opacity_map.shape
    x = (u - np.floor(u)) * width - np.float32(0.5)
    y = (np.floor(v) + 1 - v) * height - np.float32(0.5)
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - x0, y - y0
    x1, y1 = (x0 + 1) % width, (y0 + 1) % height
    x0, y0 = x0 % width, y0 % height
    top = opacity_map[y0, x0] * (1 - fx) + opacity_map[y0, x1] * fx
    bottom = opacity_map[y1, x0] * (1 - fx) + opacity_map[y1, x1] * fx
    return top * (1 - fy) + bottom * fy


@jit
def rasterise(
    screen,
    triangles,
    first_owner,
    depth,
    owner,
    weights,
    cull,
    depth_bias,
    opacity_map,
    uvs,
    opacity,
    threshold,
    samples,
):
    """Draw triangles (T, 3) into the buffers where they are nearer than what is there.

    `screen` (V, 3) float32: x, y in samples (the centre of the first sample at 0.5), z growing with distance. Buffers:
    `depth` (H, W), `owner` (H, W) int32 gets first_owner + triangle, `weights` (H, W, 2) the barycentric weights of
    the second and third corner. `cull` leaves out triangles seen from behind. A `depth_bias` > 0 brings a layer nearer.
    Cut-outs: a sample shows where map(uv) * opacity (V,) reaches `threshold`, or a stratified one when threshold < 0;
    a 1 x 1 `opacity_map` means solid.
    """
    height, width = depth.shape
    solid = opacity_map.size == 1
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if (cull and area >= 0) or abs(area) < 1e-9:
            continue
        # samples whose centre lies in the bounding box: often none, triangles are small
        left = max(0, int(np.ceil(min(ax, bx, cx) - np.float32(0.5))))
        right = min(width - 1, int(np.floor(max(ax, bx, cx) - np.float32(0.5))))
        top = max(0, int(np.ceil(min(ay, by, cy) - np.float32(0.5))))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy) - np.float32(0.5))))
        if left > right or top > bottom:
            continue
        inverse = np.float32(1) / area
        for j in range(top, bottom + 1):
            y = j + np.float32(0.5) - ay
            for i in range(left, right + 1):
                x = i + np.float32(0.5) - ax
                w1 = (x * (cy - ay) - (cx - ax) * y) * inverse
                w2 = ((bx - ax) * y - x * (by - ay)) * inverse
                w0 = 1 - w1 - w2
                if w0 < EDGE or w1 < EDGE or w2 < EDGE:
                    continue
                z = w0 * screen[a, 2] + w1 * screen[b, 2] + w2 * screen[c, 2] - depth_bias
                if z >= depth[j, i]:
                    continue
                if not solid:
                    u = w0 * uvs[a, 0] + w1 * uvs[b, 0] + w2 * uvs[c, 0]
                    v = w0 * uvs[a, 1] + w1 * uvs[b, 1] + w2 * uvs[c, 1]
                    alpha = sample_opacity(opacity_map, u, v)
                    alpha *= w0 * opacity[a] + w1 * opacity[b] + w2 * opacity[c]
                    needed = threshold
                    if threshold < 0:
                        needed = cutout_threshold(i, j, (first_owner + t) & 15, samples)
                    if alpha < needed or alpha <= 0.02:
                        continue
                depth[j, i] = z
                owner[j, i] = first_owner + t
                weights[j, i, 0] = w1
                weights[j, i, 1] = w2


def empty_buffers(size: int) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Return cleared depth, owner (-1: nothing) and weights buffers of size x size samples."""
    return (
        np.full((size, size), FAR, np.float32),
        np.full((size, size), -1, np.int32),
        np.zeros((size, size, 2), np.float32),
    )
