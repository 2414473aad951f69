"""Measures of one frame of a swap against the true swap, inside the face and along its edge.

Pictures are (H, W, 3) uint8 RGB; masks (H, W) bool; points (68, 2) in frame pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.swap.data.face_mask import face_outline

RING = 0.06  # half-width of the ring around the outline, in face sizes
_GMS_CONSTANT = 170.0  # Xue et al. 2014, for grey levels up to 255


def face_mask(points: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return inside of the face's outline, forehead included."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(face_outline(np.asarray(points, np.float32))).astype(np.int32), 1)
    return mask.astype(bool)


def edge_ring(mask: NDArray[np.bool_], size_px: float) -> NDArray[np.bool_]:
    """Return a band around a mask's edge, `RING` face sizes to either side."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, round(RING * size_px)) + 1,) * 2)
    solid = mask.astype(np.uint8)
    return (cv2.dilate(solid, kernel) - cv2.erode(solid, kernel)).astype(bool)


def psnr_db(image: NDArray, truth: NDArray, mask: NDArray[np.bool_]) -> float:
    """Return peak signal-to-noise ratio inside the mask, dB."""
    error = np.mean((image[mask].astype(np.float64) - truth[mask]) ** 2)
    return float(10 * np.log10(255.0**2 / max(error, 1e-6)))


def ssim(image: NDArray, truth: NDArray, mask: NDArray[np.bool_]) -> float:
    """Return mean structural similarity of the grey pictures inside the mask.

    Wang et al. 2004, Gaussian window 11, 1.5.
    """
    a, b = _grey(image), _grey(truth)

    def mean(x: NDArray) -> NDArray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    mean_a, mean_b = mean(a), mean(b)
    variance_a, variance_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    dark, flat = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = (2 * mean_a * mean_b + dark) * (2 * covariance + flat)
    similarity /= (mean_a**2 + mean_b**2 + dark) * (variance_a + variance_b + flat)
    return float(similarity[mask].mean())


def gmsd(image: NDArray, truth: NDArray, mask: NDArray[np.bool_]) -> float:
    """Return gradient magnitude similarity deviation inside the mask: a perceptual distance that needs no network.

    0 for equal pictures (Xue, Zhang, Mou, Bovik 2014, "Gradient Magnitude Similarity Deviation").
    """
    half = tuple(max(1, side // 2) for side in mask.shape[::-1])
    inside = cv2.resize(mask.astype(np.uint8), half, interpolation=cv2.INTER_AREA).astype(bool)
    a, b = (_gradient(cv2.resize(_grey(x), half, interpolation=cv2.INTER_AREA)) for x in (image, truth))
    similarity = (2 * a * b + _GMS_CONSTANT) / (a * a + b * b + _GMS_CONSTANT)
    return float(similarity[inside].std())


def colour_error(image: NDArray, truth: NDArray, mask: NDArray[np.bool_]) -> float:
    """Return distance of the face's mean colours in CIE Lab (CIE76 dE)."""
    return float(np.linalg.norm(_lab(image)[mask].mean(0) - _lab(truth)[mask].mean(0)))


def seam_error(image: NDArray, truth: NDArray, ring: NDArray[np.bool_]) -> float:
    """Return mean difference of the gradients' magnitude in the ring, grey levels a pixel.

    An edge that the truth lacks.
    """
    return float(np.abs(_gradient(_grey(image)) - _gradient(_grey(truth)))[ring].mean())


@dataclass
class Flicker:
    """Change from frame to frame beyond the truth's own motion, inside the face."""

    _before: tuple[NDArray, NDArray] | None = None
    _excess: float = 0.0
    _own: float = 0.0

    def add(self, image: NDArray, truth: NDArray, mask: NDArray[np.bool_]) -> None:
        """Take the next frame."""
        now = (image.astype(np.float32), truth.astype(np.float32))
        if self._before is not None:
            change, own = now[0] - self._before[0], now[1] - self._before[1]
            self._excess += float(np.abs(change - own)[mask].mean())
            self._own += float(np.abs(own)[mask].mean())
        self._before = now

    @property
    def ratio(self) -> float:
        """Mean change that the truth does not have, divided by the truth's mean change; 0: moves just like it."""
        return self._excess / max(self._own, 1e-6)


def _grey(image: NDArray) -> NDArray[np.float32]:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _lab(image: NDArray) -> NDArray[np.float32]:
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _gradient(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return prewitt's gradient magnitude, grey levels a pixel."""
    kernel = np.array([[1, 0, -1]] * 3, np.float32) / 3
    return np.hypot(cv2.filter2D(grey, -1, kernel), cv2.filter2D(grey, -1, kernel.T))
