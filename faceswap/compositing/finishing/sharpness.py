"""Sharpness of a drawn face: added by an unsharp mask, or brought to that of the face it covers, octave by octave.

A camera that is out of focus takes the fine octaves from a whole face: they are lowered as one. A network that draws
few pixels lacks the finest ones, most of all in skin: they are raised place by place, so that eyes that are sharp
already are left alone. Both show when the energies of B's own face in the frame and of the drawn face are laid side by
side. Only brightness is changed: colours have next to nothing that fine.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LARGEST_GAINS = (2.5, 1.2)  # finest octave first; coarser ones a network draws as they are
LARGEST_LIFT = 2.5  # of what is added to the finest octave, where places alone do not make a whole face as sharp
POOL_SHARE = 0.04  # of the face: how far around a place its energy is gathered
BRIGHTER = 0.02  # than what is drawn around it a place may become: lashes had white rims without
POOLED_PX = 4.0  # standard deviation of that gathering, on pictures made so small that it suffices
FEWEST_PIXELS = 50  # of the coarsest octave inside the mask, below which nothing can be measured
COARSEST_SHARE = 1 / 24  # of the face: coarser octaves hold eyes and mouth themselves, which are A's
NOTHING = 0.4  # grey levels of an octave that are rounding and compression
PATTERN = 2.5  # grey levels of a drawn octave that may be the network's own grid: raised, it shows as a weave on skin
UNSHARP_PX = 0.6  # blur of an unsharp mask, in pixels of the drawn face
_AROUND = np.ones((5, 5), np.uint8)


def sharpened(grey: NDArray[np.float32], strength: float, scale: float) -> NDArray[np.float32]:
    """Return (H, W) what to add to a face for an unsharp mask.

    Args:
        grey: (H, W) in [0, 1], brightness of the face as it will lie in the frame.
        strength: How many times what a small blur takes away is added.
        scale: Frame pixels a pixel of the drawn face takes.
    """
    return np.float32(strength) * (grey - cv2.GaussianBlur(grey, (0, 0), UNSHARP_PX * max(1.0, scale)))


def matched(
    own: NDArray[np.float32], there: NDArray[np.float32], weights: NDArray, face_px: float
) -> NDArray[np.float32]:
    """Return (H, W) what to add to a face so that it is as sharp as the one it covers.

    Args:
        own: (H, W) in [0, 1], brightness of the face as it will lie in the frame.
        there: (H, W) in [0, 1], brightness of the frame under it.
        weights: (H, W) in [0, 1], the mask.
        face_px: Size of the face, pixels of the frame.
    """
    octaves = octave_count(face_px, own.shape)
    shares = [weights.astype(np.float32)]
    while len(shares) < octaves:
        shares.append(cv2.pyrDown(shares[-1]))
    if octaves == 0 or int((shares[-1] > 0.5).sum()) < FEWEST_PIXELS:
        return np.zeros_like(own)
    theirs, _ = laplacian(there, octaves)
    details, coarser = laplacian(own, octaves)
    change = np.zeros_like(coarser)
    for octave in reversed(range(octaves)):
        detail = details[octave]
        change = cv2.pyrUp(change, dstsize=detail.shape[::-1])
        lowered, raised = _gains(detail, theirs[octave], shares[octave], face_px, octave)
        change += detail * (lowered - np.float32(1))
        if raised is not None:
            # A raised octave spills into the coarser ones, which would be too strong then, and itself too weak.
            raised -= np.float32(1)
            added = _finest(cv2.multiply(cv2.multiply(detail, lowered), raised))
            if octave == 0:
                added *= _lift(cv2.add(detail, _finest(change)), added, theirs[0], shares[0])
            change += added
    most = cv2.subtract(cv2.dilate(own, _AROUND), own)
    most += np.float32(BRIGHTER)
    return cv2.min(change, most)


def octave_count(face_px: float, shape: tuple[int, ...]) -> int:
    """Return how many octaves of a face are sharpness and not the face itself."""
    of_face = int(np.floor(np.log2(max(face_px * COARSEST_SHARE, 1e-6))))
    return max(0, min(of_face, int(np.log2(max(min(shape[:2]), 1))) - 2))


def laplacian(grey: NDArray[np.float32], octaves: int) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
    """Return the octaves of a picture, finest first, and what is coarser (Burt & Adelson 1983)."""
    details = []
    for _ in range(octaves):
        smaller = cv2.pyrDown(grey)
        details.append(cv2.subtract(grey, cv2.pyrUp(smaller, dstsize=grey.shape[::-1])))
        grey = smaller
    return details, grey


def _finest(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the finest octave of a picture."""
    return cv2.subtract(picture, cv2.pyrUp(cv2.pyrDown(picture), dstsize=picture.shape[::-1]))


def _lift(
    now: NDArray[np.float32], added: NDArray[np.float32], there: NDArray[np.float32], share: NDArray[np.float32]
) -> np.float32:
    """Return from 1 to LARGEST_LIFT: times what `added` makes the octave `now` as strong as `there` under the mask.

    Where B's skin is rough and A's is drawn smooth nothing can be raised; brows and lashes make up for it.
    """
    added = _finest(added)
    covered = share * added
    steep, slope = (float(np.vdot(covered, other)) for other in (added, now))
    missing = float(np.vdot(share * there, there) - np.vdot(share * now, now))
    if steep <= 0 or missing <= 0:
        return np.float32(1)
    return np.float32(np.clip((np.sqrt(slope**2 + steep * missing) - slope) / steep, 1, LARGEST_LIFT))


def _gains(
    detail: NDArray[np.float32], there: NDArray[np.float32], share: NDArray[np.float32], face_px: float, octave: int
) -> tuple[NDArray[np.float32] | np.float32, NDArray[np.float32] | None]:
    """Return what to multiply an octave by so that it is as strong as `there`, around each place of the mask.

    What is lowered is lowered everywhere by what holds for the whole face: A's brow may lie on B's bare skin.

    Returns:
        (h, w) at most 1, or one number for all; (h, w) at least 1, None where an octave is not raised.
    """
    reach_px = max(POOLED_PX, face_px * POOL_SHARE / 2**octave)
    small = tuple(max(1, round(side * POOLED_PX / reach_px)) for side in detail.shape[::-1])
    weights, own, wanted = (
        cv2.resize(part, small, interpolation=cv2.INTER_AREA)
        for part in (
            share,
            cv2.multiply(cv2.multiply(detail, detail), share),
            cv2.multiply(cv2.multiply(there, there), share),
        )
    )
    nothing, pattern = (np.float32((level / 255) ** 2) for level in (NOTHING, PATTERN))
    of_all = np.sqrt((wanted.sum() + nothing * weights.sum()) / (own.sum() + nothing * weights.sum()))
    lowest = np.float32(min(1.0, of_all))
    if octave >= len(LARGEST_GAINS):
        return lowest, None
    weights, own, wanted = (cv2.GaussianBlur(part, (0, 0), POOLED_PX) for part in (weights, own, wanted))
    lowered = _ratio(wanted, own, nothing * weights).clip(lowest, 1)
    raised = _ratio(wanted, own, pattern * weights).clip(1, LARGEST_GAINS[octave])
    of_frame = detail.shape[::-1]
    return cv2.resize(lowered, of_frame), cv2.resize(raised, of_frame)


def _ratio(wanted: NDArray[np.float32], own: NDArray[np.float32], nothing: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how many times as strong as `own` is `wanted`, both mean squares in which `nothing` does not count."""
    return np.sqrt((wanted + nothing) / np.maximum(own + nothing, np.float32(1e-12)))
