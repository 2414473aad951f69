"""Stand-ins for a trained model and a face to put in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from faceswap.core.geometry import CROP_WIDTH_UNITS
from faceswap.core.landmarks import MEAN_FACE
from faceswap.core.values import Decoded


@dataclass
class IdentitySwapper:
    """Gives every view back as it came; `mask` adds a learned mask of ones."""

    resolution: int = 128
    coverage: float = 0.8
    mask: bool = False
    description = {"model": "identity", "iteration": 7, "run": "nobody"}  # noqa: RUF012

    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        masks = np.ones(views.shape[:3], np.float32) if self.mask else None
        return Decoded(views.astype(np.float32) / 255, masks)


@dataclass
class TintSwapper(IdentitySwapper):
    """The view with its colours scaled and shifted, as a model trained under another light would give it."""

    gain: tuple[float, float, float] = (0.8, 1.0, 1.1)
    shift: tuple[float, float, float] = (0.15, -0.05, 0.0)

    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        plain = super().swap(views, to)
        images = np.clip(plain.images * np.float32(self.gain) + np.float32(self.shift), 0, 1)
        return Decoded(images.astype(np.float32), plain.masks)


class CountingSwapper(TintSwapper):
    """Tints faces, and counts those that it draws."""

    faces = 0

    def swap(self, views: np.ndarray, to: str = "a") -> Decoded:
        self.faces += len(views)
        return super().swap(views, to)


@dataclass(frozen=True)
class FullMask:
    """Ones over the whole view."""

    def alpha(self, points: np.ndarray, size_px: int, learned: np.ndarray | None) -> np.ndarray:
        return np.ones((size_px, size_px), np.float32)


def face_points(centre: tuple[float, float], height_px: float, degrees: float = 0.0, yaw: float = 0.0) -> np.ndarray:
    """The mean face (68, 2), brows to chin height_px, turned in the plane and, by `yaw` degrees, from the camera."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    away = np.radians(yaw)
    flat = np.stack([MEAN_FACE[:, 0] * np.cos(away) + MEAN_FACE[:, 2] * np.sin(away), MEAN_FACE[:, 1]], 1)
    return (flat @ turn.T * height_px / np.ptp(flat[:, 1]) + centre).astype(np.float32)


def smooth_picture(width: int, height: int, seed: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 of slow waves, which resampling keeps."""
    phases = np.random.default_rng(seed).uniform(0, 6, (3, 2))
    x, y = np.meshgrid(np.arange(width) / 60, np.arange(height) / 60)
    waves = [np.sin(x + a) * np.cos(y + b) for a, b in phases]
    return np.stack([127 + 90 * wave for wave in waves], -1).round().astype(np.uint8)


CROP_OF_FACE = CROP_WIDTH_UNITS / np.ptp(MEAN_FACE[:, 1])  # crop width over face height
