"""How light leaves a surface: sky and lamps, soft skin, gloss, shadow. Jitted helpers of the shader.

Vectors are tuples of three; lights come as `Lamps`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.people.rasteriser import hash01, jit

SHADOW_BIAS = np.float32(0.012)


class Lamps(NamedTuple):
    """The light as the shader reads it; arrays as in `light.Light`, plus the key lamp's shadow map.

    `shadow_matrix` (3, 4) world -> [0, 1] across the map and depth in [-1, 1]; `shadow_depth` (S, S).
    """

    directions: NDArray[np.float32]
    colours: NDArray[np.float32]
    sharpness: NDArray[np.float32]
    harmonics: NDArray[np.float32]
    shadow_matrix: NDArray[np.float32]
    shadow_depth: NDArray[np.float32]


@jit
def smoothstep(low, high, x):
    """Return 0 below `low`, 1 above `high`, smooth between; `low` may be the larger."""
    t = min(max((x - low) / (high - low), np.float32(0)), np.float32(1))
    return t * t * (3 - 2 * t)


@jit
def dot(a, b):
    """Return scalar product of two vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@jit
def unit(a):
    """Return the vector with length one."""
    scale = 1 / np.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + np.float32(1e-12))
    return a[0] * scale, a[1] * scale, a[2] * scale


@jit
def lamp_direction(lamps, k):
    """Return unit vector towards lamp k."""
    return lamps.directions[k, 0], lamps.directions[k, 1], lamps.directions[k, 2]


@jit
def sky(lamps, n, channel):
    """Return irradiance over pi that the sky sends onto a surface with normal n."""
    h = lamps.harmonics
    x, y, z = n
    value = (
        h[0, channel] * np.float32(0.2821)
        + np.float32(0.4886) * (h[1, channel] * y + h[2, channel] * z + h[3, channel] * x)
        + np.float32(1.0925) * (h[4, channel] * x * y + h[5, channel] * y * z + h[7, channel] * x * z)
        + np.float32(0.3154) * h[6, channel] * (3 * z * z - 1)
        + np.float32(0.5463) * h[8, channel] * (x * x - y * y)
    )
    return max(np.float32(0), value)


@jit
def lit_share(lamps, position, n, i, j):
    """Return how much of the key lamp reaches a point, in [0, 1].

    Five taps of the shadow map, turned at random per sample.
    """
    depth = lamps.shadow_depth
    size = depth.shape[0]
    m = lamps.shadow_matrix
    x = position[0] + n[0] * SHADOW_BIAS
    y = position[1] + n[1] * SHADOW_BIAS
    z = position[2] + n[2] * SHADOW_BIAS
    sx = (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) * size
    sy = (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) * size
    sz = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3] - SHADOW_BIAS
    angle = hash01(i, j, 7) * np.float32(6.2832)
    radius = np.float32(size) * np.float32(0.0032)
    dx, dy = np.cos(angle) * radius, np.sin(angle) * radius
    lit = np.float32(0)
    for k in range(5):
        px = sx if k == 0 else sx + (dx if k == 1 else -dx if k == 2 else -dy if k == 3 else dy)
        py = sy if k == 0 else sy + (dy if k == 1 else -dy if k == 2 else dx if k == 3 else -dx)
        ix, iy = int(px), int(py)
        if ix < 0 or iy < 0 or ix >= size or iy >= size or sz < depth[iy, ix]:
            lit += np.float32(0.2)
    return lit


@jit
def gloss(n, towards_eye, towards_lamp, roughness, reflectance):
    """Return microfacet reflection times the cosine at the lamp.

    Trowbridge-Reitz with Schlick's Fresnel and shadowing.
    """
    nl = dot(n, towards_lamp)
    if nl <= 0:
        return np.float32(0)
    h = unit((towards_eye[0] + towards_lamp[0], towards_eye[1] + towards_lamp[1], towards_eye[2] + towards_lamp[2]))
    nh = max(dot(n, h), np.float32(0))
    vh = max(dot(towards_eye, h), np.float32(0))
    nv = max(dot(n, towards_eye), np.float32(0.02))
    a = roughness * roughness
    spread = nh * nh * (a * a - 1) + 1
    facets = a * a / (np.float32(3.1416) * spread * spread)
    k = a * np.float32(0.5)
    visible = 1 / ((nl * (1 - k) + k) * (nv * (1 - k) + k) * 4)
    fresnel = reflectance + (1 - reflectance) * (1 - vh) ** 5
    return facets * visible * fresnel * nl


@jit
def mirrored(n, towards_eye):
    """Return the direction seen in a mirror with normal n."""
    twice = 2 * dot(n, towards_eye)
    return twice * n[0] - towards_eye[0], twice * n[1] - towards_eye[1], twice * n[2] - towards_eye[2]
