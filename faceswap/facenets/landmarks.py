"""Landmark prediction with the built-in network, all faces of a call in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from faceswap.core.geometry import invert, transform_points, warp_crop
from faceswap.core.values import POINT_COUNT
from faceswap.facenets import windows
from faceswap.facenets.landmark_net import LandmarkNet
from faceswap.facenets.loading import check_answer, load_network
from faceswap.utils.images import to_signed_range

LARGEST_BATCH = 32


@dataclass(frozen=True, eq=False)
class LandmarkPrediction:
    """Landmarks predicted in one window.

    `points` (68, 2) in the image's pixels; `visible` (68,) probability that a point is not hidden; `score` in [0, 1]:
    is this a face at all; `spread` the error the network expects of its inner points, in shares of the window's side.
    """

    points: NDArray[np.float32]
    visible: NDArray[np.float32]
    score: float
    spread: float


class LandmarkPredictor:
    """Predict landmarks in windows of images; `window_of_box` and `window_of_points` choose the windows.

    `network` replaces the shipped one (for training and tests).
    """

    def __init__(self, device: str = "auto", network: LandmarkNet | None = None) -> None:
        if network is None:
            self._network, self._device = load_network("landmarks", LandmarkNet, device)
        else:
            self._network, self._device = network, next(network.parameters()).device
        self.resolution_px = self._network.resolution_px

    def window_of_box(self, box: NDArray, roll_degrees: float) -> NDArray[np.float64]:
        """Return the (2, 3) map from the image to a window around a detector's box."""
        return windows.window_of_box(box, roll_degrees, self.resolution_px)

    def window_of_points(self, points: NDArray) -> NDArray[np.float64]:
        """Return the (2, 3) map from the image to a window around known points."""
        return windows.window_of_points(points, self.resolution_px)

    def read(
        self, images: Sequence[NDArray[np.uint8]], windows: Sequence[NDArray[np.float64]]
    ) -> list[LandmarkPrediction]:
        """Return the landmarks in the window `windows[i]` (2, 3) of `images[i]` (H, W, 3) uint8 RGB."""
        predictions: list[LandmarkPrediction] = []
        for start in range(0, len(windows), LARGEST_BATCH):
            part = slice(start, start + LARGEST_BATCH)
            predictions += self._read(images[part], windows[part])
        return predictions

    def _read(
        self, images: Sequence[NDArray[np.uint8]], windows: Sequence[NDArray[np.float64]]
    ) -> list[LandmarkPrediction]:
        crops = np.stack(
            [warp_crop(image, window, self.resolution_px) for image, window in zip(images, windows, strict=True)]
        )
        with torch.inference_mode():
            points, spread, visible, face = self._network(to_signed_range(crops, self._device))
            for answer in (points, spread, visible, face):
                check_answer("landmarks", answer)
            defined = points[:, :POINT_COUNT] + self._network.definition
            places = ((defined + 1) * (self.resolution_px / 2) - 0.5).cpu().numpy()
            spreads = spread[:, 17:POINT_COUNT].exp().mean(1).mul(0.5).cpu().numpy()
            seen, scores = visible.sigmoid().cpu().numpy(), face.sigmoid().cpu().numpy()
        return [
            LandmarkPrediction(transform_points(invert(window), place), shown, float(score), float(size))
            for window, place, shown, score, size in zip(windows, places, seen, scores, spreads, strict=True)
        ]
