"""Blenders of the decoded face with the frame inside the mask: `alpha` and `poisson`, in the model's small view."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

SOLVER_PX = 64
SWEEPS = 12  # per level of the pyramid; more change a face by less than a grey level
CONTRACTION = 0.99  # of the slowest wave in a Jacobi sweep that is still to be damped
SMALLEST_PX = 8
LARGEST_BEND = 0.12  # how far the membrane may go from the face's median difference, of the range [0, 1]
CROSS = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)


class Blender(Protocol):
    """What the compositor asks of a blender."""

    def fit(self, face: NDArray, view: NDArray, alpha: NDArray, seen: NDArray[np.bool_]) -> NDArray:
        """Return the RGB face (R, R, 3) in [0, 1] made ready to be pasted with `alpha` over the frame's `view`.

        `view`, `alpha`, `seen` are (S, S) pictures of the same square; `seen` is False outside the frame.
        """
        ...


class AlphaBlender:
    """Pastes the face as it is: the mask's feather alone hides the edge."""

    def fit(self, face: NDArray, view: NDArray, alpha: NDArray, seen: NDArray[np.bool_]) -> NDArray:
        return face


class PoissonBlender:
    """Keeps the face's gradients and takes the frame's colours along the mask's edge (Perez et al. 2003).

    Cloning with the source's gradients equals adding the membrane h: Laplace h = 0 inside the mask, h = frame - face
    around it (section 3 there). h is smooth, so it is solved on 64 px whatever the size of the frame, and the face
    keeps its full detail. Where the frame ends nothing is known: the membrane is free there. Unlike the original the
    edge's differences are limited; what remains of them fades out in the mask's feather.
    """

    def fit(self, face: NDArray, view: NDArray, alpha: NDArray, seen: NDArray[np.bool_]) -> NDArray:
        size = (view.shape[1], view.shape[0])
        small = cv2.resize(face, size, interpolation=cv2.INTER_AREA) if face.shape != view.shape else face
        fixed = (alpha <= 0) & seen
        if fixed.sum() < view.shape[0]:  # no edge to take colours from
            return face
        difference = view - small
        inside = (alpha > 0.5) & seen
        if inside.any():
            # Hair or a hand at the edge, or background beside the face, must not bend the tone of the whole face.
            usual = np.median(difference[inside], axis=0)
            difference = np.clip(difference, usual - LARGEST_BEND, usual + LARGEST_BEND)
        membrane = solve_membrane(difference, fixed)
        membrane = cv2.resize(membrane, (face.shape[1], face.shape[0]), interpolation=cv2.INTER_LINEAR)
        return cv2.add(face, membrane)


def solve_membrane(values: NDArray, fixed: NDArray[np.bool_]) -> NDArray:
    """Return the harmonic function (S, S, 3) that equals `values` where `fixed` and is free at the picture's border.

    Coarse to fine: each level starts from the coarser one and is swept by Jacobi's method, sped up by the Chebyshev
    semi-iteration (Golub and Varga 1961).
    """
    weights: NDArray = fixed.astype(np.float32)
    levels: list[tuple[NDArray, NDArray]] = [(values * weights[..., None], weights)]
    while levels[-1][1].shape[0] > SMALLEST_PX:
        total, weight = levels[-1]
        half = (weight.shape[1] // 2, weight.shape[0] // 2)
        levels.append(
            (
                cv2.resize(total, half, interpolation=cv2.INTER_AREA),
                cv2.resize(weight, half, interpolation=cv2.INTER_AREA),
            )
        )
    total, weight = levels[-1]
    solution: NDArray = np.broadcast_to(total.sum((0, 1)) / max(float(weight.sum()), 1e-6), total.shape).astype(
        np.float32
    )
    for total, weight in reversed(levels):
        solution = cv2.resize(solution, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        known = weight > 0.5
        anchors = total / np.maximum(weight, 1e-6)[..., None]
        where = np.repeat(known[..., None], 3, axis=2)
        np.copyto(solution, anchors, where=where)
        previous, relaxation = solution, 1.0
        for _ in range(SWEEPS):
            swept = cv2.filter2D(solution, -1, CROSS, borderType=cv2.BORDER_REPLICATE)
            np.copyto(swept, anchors, where=where)
            previous, solution = solution, cv2.addWeighted(swept, relaxation, previous, 1 - relaxation, 0)
            relaxation = 1 / (1 - CONTRACTION**2 * relaxation / 4) if relaxation > 1 else 1 / (1 - CONTRACTION**2 / 2)
    return solution
