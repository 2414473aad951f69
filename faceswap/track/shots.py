"""Shot detection: signatures of frames, and whether a cut lies between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Frame


@dataclass(frozen=True, eq=False)
class FrameSignature:
    """What shot detection compares of a frame: `brightness` (36, 64) float32, `colours`, an 8 x 8 x 8 histogram."""

    brightness: NDArray[np.float32]
    colours: NDArray[np.float32]

    @classmethod
    def of(cls, frame: Frame) -> FrameSignature:
        """Return the signature of a frame; that of a frame still in use is computed once."""
        if (known := _signatures.get(frame)) is not None:
            return known
        # Every n-th pixel first: a signature does not need all of a large frame.
        step = max(1, min(frame.width // 256, frame.height // 144))
        small = cv2.resize(np.ascontiguousarray(frame.image[::step, ::step]), (64, 36), interpolation=cv2.INTER_AREA)
        colours = cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel()
        signature = cls(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32), colours / colours.sum())
        _signatures[frame] = signature
        return signature


# The finder and the tracker both ask for cuts between the same frames.
_signatures: WeakKeyDictionary[Frame, FrameSignature] = WeakKeyDictionary()


def is_cut(before: FrameSignature, after: FrameSignature) -> bool:
    """Return whether a new shot begins.

    The picture's layout is another one, or its colours are and the layout changed too.

    Layout: 1 - correlation of brightness; on real footage 0.8 to 1 at cuts and below 0.3 within shots. Colours alone
    would take a flash for a cut and miss cuts within a dark film.
    """
    a, b = before.brightness - before.brightness.mean(), after.brightness - after.brightness.mean()
    if np.abs(before.brightness - after.brightness).mean() < 6:  # grey levels: noise on a flat picture
        return False
    strength = float(np.sqrt((a**2).sum() * (b**2).sum()))
    layout = 1 - float((a * b).sum()) / strength if strength > 1e-3 else 1.0
    colours = float(np.abs(before.colours - after.colours).sum()) / 2
    return layout > 0.5 or (colours > 0.35 and layout > 0.15)
