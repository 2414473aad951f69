"""Colour tags of films, and the conversion between Y'CbCr and R'G'B'.

Tags are the code points of ITU-T H.273, as FFmpeg carries them. Only the matrix and the range are converted: transfer
and primaries (HLG, PQ, BT.2020) stay as they are, so that a film written with the same tags looks as it did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNSPECIFIED = 2
RANGE_LIMITED, RANGE_FULL = 1, 2
MATRIX_RGB, MATRIX_BT709, MATRIX_BT601 = 0, 1, 6

# K_R and K_B by matrix code point (H.273, table 4); 9 is BT.2020 with non-constant luminance.
_LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
KNOWN_MATRICES = {*_LUMA_WEIGHTS, MATRIX_RGB, UNSPECIFIED}


@dataclass(frozen=True)
class ColourTags:
    """`range` 0 unknown, 1 limited, 2 full; `matrix`, `primaries`, `transfer` by H.273, 2 = unspecified."""

    range: int = 0
    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    @property
    def is_full_range(self) -> bool:
        """True for 0..255; untagged counts as limited (16..235), as players do."""
        return self.range == RANGE_FULL

    def for_yuv(self) -> ColourTags:
        """Return the tags to write H.264 with.

        A source in RGB, or in a matrix not known here, becomes limited BT.709.
        """
        if self.matrix in _LUMA_WEIGHTS or self.matrix == UNSPECIFIED:
            return self
        return ColourTags(RANGE_LIMITED, MATRIX_BT709, self.primaries, self.transfer)

    def luma_weights(self, width: int, height: int) -> tuple[float, float]:
        """Return K_R, K_B; an untagged film counts as BT.709 from 1280 px wide or 577 high on, else as BT.601."""
        is_high_definition = width >= 1280 or height > 576
        guess = MATRIX_BT709 if is_high_definition else MATRIX_BT601
        return _LUMA_WEIGHTS.get(self.matrix, _LUMA_WEIGHTS[guess])


def yuv_to_rgb_matrix(tags: ColourTags, width: int, height: int) -> NDArray[np.float32]:
    """Return (3, 4) affine from 8-bit (Y', Cb, Cr) to 8-bit (R', G', B').

    `width`, `height` decide what untagged means.
    """
    k_red, k_blue = tags.luma_weights(width, height)
    k_green = 1 - k_red - k_blue
    luma_scale, chroma_scale, black = (1.0, 1.0, 0.0) if tags.is_full_range else (255 / 219, 255 / 224, 16.0)
    red, blue = 2 * (1 - k_red) * chroma_scale, 2 * (1 - k_blue) * chroma_scale
    linear = np.array(
        [
            [luma_scale, 0, red],
            [luma_scale, -blue * k_blue / k_green, -red * k_red / k_green],
            [luma_scale, blue, 0],
        ]
    )
    offset = -linear @ np.array([black, 128.0, 128.0])
    return np.column_stack([linear, offset]).astype(np.float32)


def codes_to_rgb_matrix(tags: ColourTags, width: int, height: int, bits: int) -> NDArray[np.float64]:
    """Return (3, 4) affine from (Y', Cb, Cr) of so many bits to (R', G', B') in [0, 1]; RGB's own for tags of RGB.

    H.273, equations 20 to 31.
    """
    most = 2**bits - 1
    if tags.matrix == MATRIX_RGB:
        return np.column_stack([np.eye(3) / most, np.zeros(3)])
    linear = yuv_to_rgb_matrix(tags, width, height).astype(np.float64)[:, :3]
    linear /= most if tags.is_full_range else 255 * 2 ** (bits - 8)
    black = 0 if tags.is_full_range else 16 * 2 ** (bits - 8)
    return np.column_stack([linear, -linear @ np.array([black, 2 ** (bits - 1), 2 ** (bits - 1)])])


def rgb_to_yuv_matrix(tags: ColourTags, width: int, height: int) -> NDArray[np.float32]:
    """Return (3, 4) affine, the inverse of `yuv_to_rgb_matrix`."""
    forward = yuv_to_rgb_matrix(tags, width, height).astype(np.float64)
    linear = np.linalg.inv(forward[:, :3])
    return np.column_stack([linear, -linear @ forward[:, 3]]).astype(np.float32)
