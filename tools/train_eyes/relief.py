"""Rounded shapes as height fields, shaded by one lamp: what hands, arms, cups and cloth are made of.

A height field is (S, S) float32 in pixels towards the camera, -inf where nothing is. Everything that is added keeps the
higher of two surfaces, so that fingers hide one another and the grooves between them come out by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
NOTHING = np.float32(-1e4)


def empty(size_px: int) -> Field:
    """Return a field with nothing in it."""
    return np.full((size_px, size_px), NOTHING, np.float32)


def add_path(field: Field, path: NDArray, radii: Sequence[float], lift: float = 0.0, flatness: float = 1.0) -> None:
    """A sausage along `path` (K, 2) in pixels, `radii` (K,) thick there; `flatness` 0.5: half as high."""
    for start, end, thick, thin in zip(path, path[1:], radii, radii[1:], strict=False):
        _add_cone(field, start, end, thick, thin, lift, flatness)


def add_blob(field: Field, outline: NDArray, height_px: float, lift: float = 0.0) -> None:
    """A cushion over the polygon `outline` (K, 2), rising to `height_px` towards its middle."""
    inside = np.zeros(field.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    reach = max(float(distance.max()), 1e-3)
    rise = np.sqrt(np.clip(1 - (1 - distance / reach) ** 2, 0, 1))
    np.maximum(field, np.where(inside > 0, lift + height_px * rise, NOTHING), out=field)


def _add_cone(
    field: Field, start: NDArray, end: NDArray, thick: float, thin: float, lift: float, flatness: float
) -> None:
    reach = max(thick, thin) + 1
    low = np.floor(np.minimum(start, end) - reach).astype(int).clip(0, field.shape[0])
    high = np.ceil(np.maximum(start, end) + reach).astype(int).clip(0, field.shape[0])
    if (high <= low).any():
        return
    x = np.arange(low[0], high[0], dtype=np.float32)[None] - np.float32(start[0])
    y = np.arange(low[1], high[1], dtype=np.float32)[:, None] - np.float32(start[1])
    along_x, along_y = (np.float32(v) for v in end - start)
    share = np.clip((x * along_x + y * along_y) / max(float(along_x**2 + along_y**2), 1e-3), 0, 1)
    squared = (x - share * along_x) ** 2 + (y - share * along_y) ** 2
    room = (thick + share * np.float32(thin - thick)) ** 2 - squared
    height = np.where(room > 0, lift + flatness * np.sqrt(np.maximum(room, 0)), NOTHING)
    place = field[low[1] : high[1], low[0] : high[0]]
    np.maximum(place, height, out=place)


def coverage_of(field: Field) -> NDArray[np.float32]:
    """Return (S, S) in [0, 1]: where something is, its edge softened by about a pixel."""
    return cv2.GaussianBlur((field > NOTHING / 2).astype(np.float32), (0, 0), 0.6)


def shade(field: Field, rng: np.random.Generator, softness_px: float = 1.0) -> NDArray[np.float32]:
    """Return brightness (S, S, 1) around 1 under a lamp of random place.

    Lambert's law, dark grooves, perhaps a gloss.
    """
    solid = field > NOTHING / 2
    ground = np.float32(field[solid].min()) if solid.any() else np.float32(0)
    surface = cv2.GaussianBlur(np.where(solid, field, ground), (0, 0), softness_px)
    slope_x, slope_y = cv2.Sobel(surface, -1, 1, 0, scale=0.125), cv2.Sobel(surface, -1, 0, 1, scale=0.125)
    upright = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    angle, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 1.4)
    lamp = np.array([np.cos(angle), np.sin(angle), height], np.float32)
    lamp /= np.linalg.norm(lamp)
    cosine = np.maximum((lamp[2] - slope_x * lamp[0] - slope_y * lamp[1]) * upright, 0)
    ambient = np.float32(rng.uniform(0.25, 0.85))
    light = ambient + (1 - ambient) * cosine / max(float(lamp[2]), 0.3)
    groove = cv2.GaussianBlur(surface, (0, 0), 3.0) - surface
    light = light * np.exp(-np.clip(groove, 0, 12) * np.float32(rng.uniform(0.02, 0.10)))
    if rng.random() < 0.4:
        light = light + np.float32(rng.uniform(0.05, 0.5)) * np.clip(cosine, 0, 1) ** np.float32(rng.uniform(12, 60))
    return light[..., None]


def mottling(size_px: int, rng: np.random.Generator, depth: float) -> NDArray[np.float32]:
    """Return noise (S, S, 3) around 1 of three grains: blotches, pores, and a tint that drifts."""
    total = np.ones((size_px, size_px, 3), np.float32)
    for grain, share, channels in ((4, 0.6, 3), (18, 0.5, 1), (size_px, 0.35, 1)):
        noise = rng.standard_normal((grain, grain, channels), np.float32) * np.float32(depth * share)
        grown = cv2.resize(noise, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
        total += grown if channels == 3 else grown.reshape(size_px, size_px, 1)
    return total
