"""Measures that do not pay for a blur: detail by octave, and whether the same texture lies at the same places.

Nothing here was trained on anything: the filters are fixed, so no loss of any model has a share in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

OCTAVES = 4  # finest first: waves shorter than about 7 px of the film, 7 to 14 px, 14 to 28, 28 to 56
MARGIN_PX = 32  # around the box, so that its border sees what lies beyond
ORIENTATIONS = 6
WAVELENGTH_PX, ENVELOPE_PX = 3.2, 1.6  # of a filter, in pixels of its level
POOL_PX = 3.0  # standard deviation within which it does not matter where a texture lies
NOISE = 1.5  # grey levels of an orientation's energy that are nothing


def face_box(points: NDArray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return rows and columns of the points' box in a picture."""
    low = np.maximum(np.floor(points.min(0)), 0).astype(int)
    high = np.minimum(np.ceil(points.max(0)) + 1, shape[1::-1]).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def octave_energies(image: NDArray[np.uint8], box: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return (OCTAVES,) mean squares of the grey picture's Laplacian pyramid (Burt & Adelson 1983) inside a box."""
    grey, (rows, columns) = _around(image, box)
    energies = []
    for level in range(OCTAVES):
        smaller = cv2.pyrDown(grey)
        detail = grey - cv2.pyrUp(smaller, dstsize=grey.shape[::-1])
        inside = (slice(s.start >> level, max((s.start >> level) + 1, s.stop >> level)) for s in (rows, columns))
        energies.append(float(np.mean(detail[tuple(inside)] ** 2)))
        grey = smaller
    return np.array(energies)


@dataclass
class Octaves:
    """Energy of a film's faces by octave, against the truth's own."""

    _sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, OCTAVES)))

    def add(self, image: NDArray[np.uint8], truth: NDArray[np.uint8], box: tuple[slice, slice]) -> None:
        """Take the next frame."""
        self._sums += np.stack([octave_energies(picture, box) for picture in (image, truth)])

    @property
    def ratios(self) -> NDArray[np.float64]:
        """(OCTAVES,) finest first: root mean square of the swap's detail over the truth's; 1: as much of it."""
        return np.sqrt(self._sums[0] / np.maximum(self._sums[1], 1e-9))


def texture_distance(image: NDArray[np.uint8], truth: NDArray[np.uint8], box: tuple[slice, slice]) -> float:
    """Return how far the textures of two pictures are apart inside a box: 0 the same, 1 nothing in common.

    Strength of detail in OCTAVES scales and ORIENTATIONS directions (Gabor filters' modulus), pooled over a few pixels
    so that one or two of misalignment cost little: the first layer of a scattering transform (Bruna & Mallat 2013).
    Places are compared by Bray-Curtis dissimilarity: a missing edge counts as much as a made-up one.
    """
    first, (rows, columns) = _around(image, box)
    second, _ = _around(truth, box)
    distances = []
    for level in range(OCTAVES):
        a, b = _oriented(first), _oriented(second)
        inside = tuple(slice(s.start >> level, max((s.start >> level) + 1, s.stop >> level)) for s in (rows, columns))
        different, together = np.abs(a - b).sum(2)[inside], (a + b).sum(2)[inside]
        distances.append(float((different / (together + ORIENTATIONS * NOISE)).mean()))
        first, second = cv2.pyrDown(first), cv2.pyrDown(second)
    return float(np.mean(distances))


def _around(image: NDArray[np.uint8], box: tuple[slice, slice]) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
    """Return the grey picture of a box with a margin, and where the box lies in it."""
    rows, columns = box
    top, left = max(0, rows.start - MARGIN_PX), max(0, columns.start - MARGIN_PX)
    part = image[top : rows.stop + MARGIN_PX, left : columns.stop + MARGIN_PX]
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey, (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))


def _oriented(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (h, w, ORIENTATIONS) pooled modulus of the filters, grey levels."""
    maps = []
    for even, odd in _filters():
        modulus = np.hypot(cv2.filter2D(grey, -1, even), cv2.filter2D(grey, -1, odd))
        maps.append(cv2.GaussianBlur(modulus, (0, 0), POOL_PX))
    return np.stack(maps, 2)


@lru_cache(maxsize=1)
def _filters() -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return even and odd Gabor filters of each direction, without answer to a flat picture."""
    reach = int(np.ceil(3 * ENVELOPE_PX))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    envelope = np.exp(-(x**2 + y**2) / (2 * ENVELOPE_PX**2))
    envelope /= envelope.sum()
    filters = []
    for angle in np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS:
        phase = 2 * np.pi / WAVELENGTH_PX * (x * np.cos(angle) + y * np.sin(angle))
        even = envelope * np.cos(phase)
        even -= envelope * even.sum()
        filters.append((even.astype(np.float32), (envelope * np.sin(phase)).astype(np.float32)))
    return filters
