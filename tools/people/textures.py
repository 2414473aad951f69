"""Pictures that belong to MakeHuman's proxies.

Opacity and brightness of hair, brows and lashes, colours of teeth and tongue.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from faceswap.utils.errors import UserError
from tools.people.assets import Assets

LUMA = np.array([0.3, 0.5, 0.2], np.float32)
TEXTURE_NAMES = {"afro01": "afro_diffuse.png"}


@dataclass(frozen=True, eq=False)
class Cutout:
    """`opacity` (H, W) in [0, 1]; `brightness` (H, W) relative to the mean of what is solid, bled into the gaps."""

    opacity: NDArray[np.float32]
    brightness: NDArray[np.float32]


def load_cutout(assets: Assets, name: str) -> Cutout:
    """Return the texture of a hair style, brow or lash."""
    rgba = _read_linear(assets, _texture_name(name))
    opacity = np.ascontiguousarray(rgba[..., 3])
    brightness = rgba[..., :3] @ LUMA
    gap = opacity < 0.16
    row, column = ndimage.distance_transform_edt(gap, return_distances=False, return_indices=True)
    brightness = brightness[row, column]
    mean = max(float(brightness[opacity > 0.5].mean()), 1e-3)  # lashes are painted black
    return Cutout(opacity, np.clip(brightness / mean, 0.02, 2.2).astype(np.float32))


def colours_at(assets: Assets, texture: str, uvs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear RGB (n, 3) of a texture at texture coordinates (n, 2), v upwards."""
    rgb = cv2.GaussianBlur(_read_linear(assets, texture)[..., :3], (0, 0), 1.0)
    height, width = rgb.shape[:2]
    x = (uvs[:, 0] * width - 0.5).clip(0, width - 1)
    y = ((1 - uvs[:, 1]) * height - 0.5).clip(0, height - 1)
    return cv2.remap(rgb, x[None].astype(np.float32), y[None].astype(np.float32), cv2.INTER_LINEAR)[0]


def strand_field(seed: int = 5, size: int = 256) -> NDArray[np.float32]:
    """Return a repeating field (size, size) of hair heights, evenly spread over [0, 1].

    What the layers of fur are cut from.
    """
    raw = np.random.default_rng(seed).standard_normal((size, size))
    field = ndimage.gaussian_filter(raw, (1.5, 0.8), mode="wrap")
    ranks = np.empty(field.size)
    ranks[np.argsort(field, axis=None)] = np.arange(field.size)
    return (ranks / (field.size - 1)).reshape(size, size).astype(np.float32)


def _texture_name(name: str) -> str:
    if name in TEXTURE_NAMES:
        return TEXTURE_NAMES[name]
    return f"{name}.png" if name.startswith("eye") else f"{name}_diffuse.png"


def _read_linear(assets: Assets, name: str) -> NDArray[np.float32]:
    """Return (H, W, 4) float32: linear RGB and opacity."""
    path = assets.find(name)
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise UserError(f"{path}: not a readable picture")
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[2] == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    rgba = cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA).astype(np.float32) / np.float32(255)
    rgba[..., :3] **= 2.2
    return rgba
