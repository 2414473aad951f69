"""Sharpness of a drawn face: added by an unsharp mask, or brought to that of the face it covers, octave by octave.

A camera that is out of focus takes the fine octaves from a whole face; a network that draws few pixels lacks them
wherever it is. Both show when the energies of B's own face in the frame and of the drawn face are laid side by side.
Only brightness is changed: colours have next to nothing that fine.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LARGEST_GAIN = 1.3  # of an octave: more brings out what a network drew badly, and measures no nearer to the truth
FEWEST_PIXELS = 50  # of the coarsest octave inside the mask, below which nothing can be measured
COARSEST_SHARE = 1 / 24  # of the face: coarser octaves hold eyes and mouth themselves, which are A's
NOTHING = 0.4  # grey levels of an octave that are rounding and compression
UNSHARP_PX = 0.6  # blur of an unsharp mask, in pixels of the drawn face


def sharpened(drawn: NDArray[np.float32], strength: float, scale: float) -> NDArray[np.float32]:
    """Return (H, W) what to add to each channel of a face (H, W, 3) in [0, 1] for an unsharp mask.

    Args:
        drawn: The face, as it will lie in the frame.
        strength: How many times what a small blur takes away is added.
        scale: Frame pixels a pixel of the drawn face takes.
    """
    grey = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY)
    return np.float32(strength) * (grey - cv2.GaussianBlur(grey, (0, 0), UNSHARP_PX * max(1.0, scale)))


def matched(
    drawn: NDArray[np.float32], under: NDArray[np.uint8], weights: NDArray, face_px: float
) -> NDArray[np.float32]:
    """Return (H, W) what to add to each channel of a face so that it is as sharp as the one it covers.

    Args:
        drawn: (H, W, 3) RGB in [0, 1], as it will lie in the frame.
        under: (H, W, 3) RGB of the frame there.
        weights: (H, W) in [0, 1], the mask.
        face_px: Size of the face, pixels of the frame.
    """
    own = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY)
    octaves = octave_count(face_px, own.shape)
    shares = [weights.astype(np.float32)]
    while len(shares) < octaves:
        shares.append(cv2.pyrDown(shares[-1]))
    if octaves == 0 or int((shares[-1] > 0.5).sum()) < FEWEST_PIXELS:
        return np.zeros_like(own)
    wanted = cv2.cvtColor(under, cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(1 / 255)
    details, coarser = laplacian(own, octaves)
    change = np.zeros_like(coarser)
    for detail, there, share in reversed(list(zip(details, laplacian(wanted, octaves)[0], shares, strict=True))):
        gain = np.clip(_energy(there, share) / _energy(detail, share), 0, LARGEST_GAIN)
        change = np.float32(gain - 1) * detail + cv2.pyrUp(change, dstsize=detail.shape[::-1])
    return change


def octave_count(face_px: float, shape: tuple[int, ...]) -> int:
    """Return how many octaves of a face are sharpness and not the face itself."""
    of_face = int(np.floor(np.log2(max(face_px * COARSEST_SHARE, 1e-6))))
    return max(0, min(of_face, int(np.log2(max(min(shape[:2]), 1))) - 2))


def laplacian(grey: NDArray[np.float32], octaves: int) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
    """Return the octaves of a picture, finest first, and what is coarser (Burt & Adelson 1983)."""
    details = []
    for _ in range(octaves):
        smaller = cv2.pyrDown(grey)
        details.append(grey - cv2.pyrUp(smaller, dstsize=grey.shape[::-1]))
        grey = smaller
    return details, grey


def _energy(detail: NDArray[np.float32], share: NDArray[np.float32]) -> float:
    """Return the root mean square of an octave under the mask."""
    return float(np.sqrt((detail**2 * share).sum() / share.sum() + (NOTHING / 255) ** 2))
