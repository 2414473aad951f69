"""Training faces of A in the colours of B: the shared encoder then cannot tell the two by skin and light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.media.pictures.colour_transfer import (
    STATISTICS_PX,
    ColourMatcher,
    ColourStatistics,
    MongeKantorovich,
    NoColour,
    Reinhard,
)
from faceswap.utils.choices import ColourTransfer

MATCHERS: dict[ColourTransfer, type[ColourMatcher]] = {
    "none": NoColour,
    "reinhard": Reinhard,
    "mkl": MongeKantorovich,
}


def recoloured(face: NDArray[np.uint8], donor: NDArray[np.uint8], matcher: ColourMatcher) -> NDArray[np.uint8]:
    """`face` (S, S, 4) uint8, RGB and mask, with the colours that `donor` (likewise, any size) has under its mask.

    The whole picture takes part in the change; the mask stays. A face too small to measure is left as it is.
    """
    return np.dstack([matched(face[..., :3], face, donor, matcher), face[..., 3]])


def matched(
    colours: NDArray[np.uint8], face: NDArray[np.uint8], donor: NDArray[np.uint8], matcher: ColourMatcher
) -> NDArray[np.uint8]:
    """Any `colours` (H, W, 3) uint8 changed as the face is."""
    source, target = (_measured(picture, matcher) for picture in (face, donor))
    if source is None or target is None:
        return colours
    return np.rint(matcher.match(colours.astype(np.float32) / 255, source, target).clip(0, 1) * 255).astype(np.uint8)


def _measured(picture: NDArray[np.uint8], matcher: ColourMatcher) -> ColourStatistics | None:
    small = cv2.resize(np.asarray(picture), (STATISTICS_PX, STATISTICS_PX), interpolation=cv2.INTER_AREA)
    values = small.astype(np.float32) / 255
    return matcher.measure(np.ascontiguousarray(values[..., :3]), np.ascontiguousarray(values[..., 3]))
