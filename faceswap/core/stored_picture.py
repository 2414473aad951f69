"""A frame as its film stores it: planes of code values, into which a face is laid without rounding the rest.

The 8-bit RGB picture of a frame (`Frame.image`) is what finders and models look at. A film of 10 or 12 bits, or one
that is written without loss, keeps its own planes beside it: a face is blended into them in floating point, and every
value outside the mask stays the number that it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class StoredPicture:
    """Planes of code values, upright, of the size of the frame.

    Attributes:
        planes: Y', Cb, Cr or R, G, B: uint8, uint16 or float32. The second and third are smaller by `step`, rounded up.
        to_rgb: (3, 4) affine from code values to R'G'B' in [0, 1]. Values beyond are kept.
        bits: Of each whole number; 32 for floating point.
        step: How many pixels x, y of the picture one value of the smaller planes stands for.
        is_linear: The values are light (EXR), not coded for a screen; a face is decoded (sRGB) before it is laid in.
    """

    planes: tuple[NDArray, NDArray, NDArray]
    to_rgb: NDArray[np.float64]
    bits: int
    step: tuple[int, int] = (1, 1)
    is_linear: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Return height and width."""
        height, width = self.planes[0].shape
        return height, width

    @property
    def nbytes(self) -> int:
        """Return how much memory the planes take."""
        return sum(plane.nbytes for plane in self.planes)

    def copy(self) -> StoredPicture:
        """Return a picture with planes of its own."""
        first, second, third = (plane.copy() for plane in self.planes)
        return StoredPicture((first, second, third), self.to_rgb, self.bits, self.step, self.is_linear)

    def rgb(self, rows: slice = slice(None), columns: slice = slice(None)) -> NDArray[np.float32]:
        """Return (H, W, 3) float32 of a part that begins on whole steps; in [0, 1], brighter and darker values beyond.

        Values of the smaller planes are repeated, as for `Frame.image`.
        """
        return _affine(self._codes(rows, columns), self.to_rgb)

    def paste(self, face: NDArray[np.float32], weights: NDArray[np.float32], region: tuple[slice, slice]) -> None:
        """Lay a face into the planes, in place.

        Args:
            face: (H, W, 3) R'G'B' in [0, 1] as on a screen.
            weights: (H, W) in [0, 1]; values where it is 0 do not change.
            region: The rows and columns of the picture that these cover.
        """
        height, width = self.shape
        top, bottom = _whole_steps(region[0], self.step[1], height)
        left, right = _whole_steps(region[1], self.step[0], width)
        edges = region[0].start - top, bottom - region[0].stop, region[1].start - left, right - region[1].stop
        share = cv2.copyMakeBorder(weights, *edges, cv2.BORDER_CONSTANT, value=0)
        drawn = np.clip(cv2.copyMakeBorder(face, *edges, cv2.BORDER_REPLICATE), 0, 1)
        if self.is_linear:
            drawn = screen_to_light(drawn)
        rows, columns = slice(top, bottom), slice(left, right)
        under = self.rgb(rows, columns)
        mixed = under + (drawn - under) * share[..., None]
        values = cv2.split(_affine(mixed, self._to_codes))
        for plane, value, step in zip(self.planes, values, ((1, 1), self.step, self.step), strict=True):
            part = plane[_steps(top, bottom, step[1]), _steps(left, right, step[0])]
            np.copyto(part, self._stored(_averaged(value, step)), where=_averaged(share, step) > 0)

    @cached_property
    def _to_codes(self) -> NDArray[np.float64]:
        linear = np.linalg.inv(self.to_rgb[:, :3])
        return np.column_stack([linear, -linear @ self.to_rgb[:, 3]])

    def _stored(self, values: NDArray[np.float32]) -> NDArray:
        dtype = self.planes[0].dtype
        return values.astype(dtype) if dtype == np.float32 else rounded(values, self.bits)

    def _codes(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        height, width = self.shape
        top, bottom, _ = rows.indices(height)
        left, right, _ = columns.indices(width)
        parts = [self.planes[0][top:bottom, left:right]]
        for plane in self.planes[1:]:
            part = plane[_steps(top, bottom, self.step[1]), _steps(left, right, self.step[0])]
            parts.append(repeated(part, self.step)[: bottom - top, : right - left])
        return np.asarray(cv2.merge([np.ascontiguousarray(part, np.float32) for part in parts]), np.float32)


def rounded(values: NDArray, bits: int) -> NDArray:
    """Return whole numbers of so many bits, nearest, of values that are none."""
    limited = np.clip(np.rint(values), 0, 2**bits - 1)
    return limited.astype(np.uint8 if bits == 8 else np.uint16)


def repeated(plane: NDArray, step: tuple[int, int]) -> NDArray:
    """Return a plane with each value repeated `step` (x, y) times."""
    if step == (1, 1):
        return plane
    size = (plane.shape[1] * step[0], plane.shape[0] * step[1])
    return cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_NEAREST)


def screen_to_light(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return light, 1 for white, of values coded for a screen (sRGB, IEC 61966-2-1)."""
    dark = values <= 0.04045
    return np.where(dark, values / 12.92, ((values + 0.055) / 1.055) ** np.float32(2.4)).astype(np.float32)


def light_to_screen(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values coded for a screen of light in [0, 1], the inverse of `screen_to_light`."""
    dark = light <= 0.0031308
    return np.where(dark, light * 12.92, 1.055 * np.maximum(light, 0) ** np.float32(1 / 2.4) - 0.055).astype(np.float32)


def _averaged(values: NDArray[np.float32], step: tuple[int, int]) -> NDArray[np.float32]:
    """Return the mean of each block of `step` (x, y) values; the last ones may be incomplete."""
    if step == (1, 1):
        return values
    right, bottom = -values.shape[1] % step[0], -values.shape[0] % step[1]
    if right or bottom:
        values = cv2.copyMakeBorder(values, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    size = (values.shape[1] // step[0], values.shape[0] // step[1])
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)


def _affine(values: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(cv2.transform(values, matrix.astype(np.float32)), np.float32)


def _whole_steps(part: slice, step: int, length: int) -> tuple[int, int]:
    return part.start // step * step, min(length, -(-part.stop // step) * step)


def _steps(first: int, last: int, step: int) -> slice:
    return slice(first // step, -(-last // step))
