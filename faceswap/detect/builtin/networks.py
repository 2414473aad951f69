"""Protocols of the networks that the built-in finder uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from faceswap.facenets.protocol import Embedder

if TYPE_CHECKING:
    from faceswap.facenets.landmarks import LandmarkPrediction


class Reader(Protocol):
    """What reads landmarks: see `landmarks.LandmarkPredictor`."""

    def window_of_box(self, box: NDArray, roll_degrees: float) -> NDArray[np.float64]: ...

    def window_of_points(self, points: NDArray) -> NDArray[np.float64]: ...

    def read(
        self, images: Sequence[NDArray[np.uint8]], windows: Sequence[NDArray[np.float64]]
    ) -> Sequence[LandmarkPrediction]: ...


class Detector(Protocol):
    """What finds faces: see `detector.FaceDetector`."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.float32]]: ...


class Check(Protocol):
    """What gives a second opinion on faces: see `face_check.FaceCheck`."""

    def faceness(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, eq=False)
class FaceNetworks:
    """The networks of the finder; without an embedder nobody is recognised, without a check all readings count."""

    detector: Detector
    reader: Reader
    embedder: Embedder | None = None
    check: Check | None = None
