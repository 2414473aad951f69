"""Puts rendered people before other backgrounds, so that nothing behind them tells anything."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import warp_crop
from tools.people.labels import Label
from tools.train_eyes.data import Faces

BORDERS = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)


class Backdrop:
    """Cuts windows out of pictures and changes what is behind the person. `scene` may show parts of other faces."""

    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    def warp(
        self,
        image: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        matrix: NDArray,
        size_px: int,
        rng: np.random.Generator,
    ) -> NDArray[np.uint8]:
        """Return the (size_px, size_px, 3) window of `image` under the (2, 3) `matrix`, before another scene."""
        crop = warp_with_border(image, matrix, size_px, rng)
        person = cv2.warpAffine(
            (np.asarray(labels) != Label.BACKGROUND).astype(np.float32),
            matrix,
            (size_px, size_px),
            flags=cv2.INTER_AREA,
        )[..., None]
        return (crop * person + self.scene(size_px, rng) * (1 - person)).astype(np.uint8)

    def scene(self, size_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return something to stand behind somebody: a piece of another picture, stretched, or noise of one grain."""
        if rng.random() < 0.7:
            other = self._faces.images[int(rng.integers(len(self._faces)))]
            side = int(other.shape[0] * rng.uniform(0.1, 0.8))
            top, left = rng.integers(0, other.shape[0] - side + 1, 2)
            return np.asarray(cv2.resize(other[top : top + side, left : left + side], (size_px, size_px)), np.uint8)
        return self.noise(size_px, rng)

    @staticmethod
    def noise(size_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return noise of one grain, from a soft gradient to single pixels; nothing in it is a face."""
        grain = int(rng.choice([2, 3, 5, 9, 17, 33, size_px]))
        noise = rng.normal(rng.uniform(0, 255, 3), rng.uniform(5, 80), (grain, grain, 3))
        pixels = np.clip(noise, 0, 255).astype(np.uint8)
        return np.asarray(cv2.resize(pixels, (size_px, size_px), interpolation=cv2.INTER_CUBIC), np.uint8)


def warp_with_border(
    image: NDArray[np.uint8], matrix: NDArray, size_px: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the (size_px, size_px, 3) window of `image` under the (2, 3) `matrix`.

    Beyond the picture's edge anything.
    """
    image = np.asarray(image)
    border = BORDERS[rng.integers(len(BORDERS))]
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if scale < 0.6 and border == cv2.BORDER_CONSTANT:
        return warp_crop(image, matrix, size_px)
    if scale < 0.6:  # smoothed before it shrinks, as `warp_crop` does
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.35 / scale), np.uint8)
    return np.asarray(cv2.warpAffine(image, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=border))
