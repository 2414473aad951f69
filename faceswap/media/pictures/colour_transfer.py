"""Colour transfer between pictures by mean and covariance of their colours.

Statistics are taken inside a mask on pictures of at most 64 px. That is cheap, and it compares like with like: a
decoded face is softer than a frame, and averaging takes the fine grain out of both before their spread is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

STATISTICS_PX = 64
MINIMUM_WEIGHT = 12.0  # mask area in statistics pixels below which means and spreads say nothing
LAB_LIGHT = 100.0  # what Lab counts light to
SPREAD_FLOOR = 2.0 / 255  # spread of a flat picture: noise, not to be amplified
LARGEST_GAIN = 1.3  # skin needs no more: lips and eyes are scaled with it, and turn red and black
LEAST_GAIN = 0.02  # in the dark and in a flash nearly nothing of a face is left


@dataclass(frozen=True, eq=False)
class ColourStatistics:
    """Weighted `mean` (3,) and `covariance` (3, 3) of a picture in a matcher's own colour space.

    `grey_level` is what a grey level of 255 is there.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    grey_level: float = 1 / 255


class ColourMatcher(Protocol):
    """What is asked of a colour method."""

    def measure(self, image: NDArray, weights: NDArray) -> ColourStatistics | None:
        """Return the statistics of an RGB picture (S, S, 3) in [0, 1] under `weights` (S, S); None.

        Leave it as it is.
        """
        ...

    def match(self, face: NDArray, source: ColourStatistics, target: ColourStatistics) -> NDArray:
        """Return the RGB face (R, R, 3) moved from the source's to the target's colours.

        Pasting cuts what leaves [0, 1].
        """
        ...


class NoColour:
    """Leaves the model's colours as they are."""

    def measure(self, image: NDArray, weights: NDArray) -> None:
        return None

    def match(self, face: NDArray, source: ColourStatistics, target: ColourStatistics) -> NDArray:
        return face


class Reinhard:
    """Mean and spread of each CIE Lab channel (after Reinhard et al. 2001, "Color Transfer between Images").

    The map is carried from Lab to RGB once, at the mean and one spread around it, and applied as the affine map that
    fits there: on faces within 0.7 grey levels of converting every pixel to Lab and back, at a tenth of the time.
    """

    def measure(self, image: NDArray, weights: NDArray) -> ColourStatistics | None:
        return _statistics(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), weights, LAB_LIGHT / 255)

    def match(self, face: NDArray, source: ColourStatistics, target: ColourStatistics) -> NDArray:
        floor = LAB_LIGHT * SPREAD_FLOOR
        spread_from = np.maximum(np.sqrt(np.diag(source.covariance)), floor)
        spread_to = np.maximum(np.sqrt(np.diag(target.covariance)), floor)
        light_from, light_to = source.mean[0] / LAB_LIGHT, target.mean[0] / LAB_LIGHT
        gain = np.clip(spread_to / spread_from, _least_gain(light_from, light_to), _largest_gain(light_from, light_to))
        axes = _root(source.covariance + floor**2 * np.eye(3))
        offsets = np.concatenate([np.zeros((1, 3)), axes, -axes])
        before, after = _lab_to_rgb(source.mean + offsets), _lab_to_rgb(target.mean + gain * offsets)
        affine, *_ = np.linalg.lstsq(np.hstack([before, np.ones((len(before), 1))]), after)
        return cv2.transform(face, affine.T.astype(np.float32))


class MongeKantorovich:
    """The linear map of least displacement between two RGB Gaussians (Pitie and Kokaram 2007, eq. 14)."""

    def measure(self, image: NDArray, weights: NDArray) -> ColourStatistics | None:
        return _statistics(image, weights)

    def match(self, face: NDArray, source: ColourStatistics, target: ColourStatistics) -> NDArray:
        noise = SPREAD_FLOOR**2 * np.eye(3)
        root = _root(source.covariance + noise)
        inverse = np.linalg.inv(root)
        gain = inverse @ _root(root @ (target.covariance + noise) @ root) @ inverse
        values, vectors = np.linalg.eigh((gain + gain.T) / 2)
        least = _least_gain(float(source.mean.mean()), float(target.mean.mean()))
        gain = (vectors * np.clip(values, least, LARGEST_GAIN)) @ vectors.T
        return cv2.transform(face, _affine(gain, source.mean, target.mean))


def _least_gain(light_from: float, light_to: float) -> float:
    """Return how far a face's contrast may fall: it dies with the light, as in a fade to black, and in a flash."""
    nearer_an_end = min(light_to / max(light_from, 1e-3), (1 - light_to) / max(1 - light_from, 1e-3), 1.0)
    return max(nearer_an_end / LARGEST_GAIN, LEAST_GAIN)


def _largest_gain(light_from: float, light_to: float) -> float:
    """Return how far a face's contrast may grow: as the light does.

    What spreads wider on B's skin in the same light is B's own: eyes, brows and lips would grow harsh with it.
    """
    return min(max(light_to / max(light_from, 1e-3), 1.0), LARGEST_GAIN)


def _statistics(image: NDArray, weights: NDArray, grey_level: float = 1 / 255) -> ColourStatistics | None:
    total = float(weights.sum())
    if total < MINIMUM_WEIGHT * weights.size / STATISTICS_PX**2:
        return None
    channels = np.stack(cv2.split(image)).reshape(3, -1)
    share = weights.ravel() * np.float32(1 / total)
    mean = channels @ share
    channels -= mean[:, None]
    covariance = ((channels * share) @ channels.T).astype(np.float64)
    return ColourStatistics(mean.astype(np.float64), covariance, grey_level)


def _lab_to_rgb(colours: NDArray) -> NDArray[np.float64]:
    return cv2.cvtColor(colours.astype(np.float32)[None], cv2.COLOR_LAB2RGB)[0].astype(np.float64)


def _affine(gain: NDArray, mean_from: NDArray, mean_to: NDArray) -> NDArray[np.float32]:
    return np.hstack([gain, (mean_to - gain @ mean_from)[:, None]]).astype(np.float32)


def _root(symmetric: NDArray) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(symmetric)
    return (vectors * np.sqrt(np.maximum(values, 1e-12))) @ vectors.T
