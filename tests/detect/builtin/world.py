"""A made-up world for tests of following: faces whose places are known, and networks that see exactly those."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from faceswap.core.geometry import crop_corners
from faceswap.core.values import Frame
from faceswap.detect.builtin.networks import FaceNetworks
from faceswap.facenets import windows
from faceswap.facenets.landmarks import LandmarkPrediction
from tests.extraction.made import frame_of, points_at

WINDOW_PX = 96
Places = dict[str, tuple[float, float, float]]  # who is where: centre x, y and width of the face


class World:
    """`places(index)` tells who is where in frame `index`; `unseen(index)` whom the detector misses."""

    def __init__(
        self,
        places: Callable[[int], Places],
        unseen: Callable[[int], Sequence[str]] = lambda index: (),
        shots: Callable[[int], int] = lambda index: 0,
    ) -> None:
        self.places, self.unseen, self.shots = places, unseen, shots
        self.certainty: Callable[[int], float] = lambda index: 0.95
        self.opinion: Callable[[int, str], float] | None = None  # a second one: frame, who -> faceness
        self.checked: list[tuple[int, str]] = []
        self.searched: list[int] = []  # frames the detector looked at
        self.windows: list[int] = []  # frames the reader looked at, once a window
        self.embedded: list[tuple[int, str]] = []

    @property
    def networks(self) -> FaceNetworks:
        return FaceNetworks(self, self, self, self if self.opinion is not None else None)

    def frame(self, index: int) -> Frame:
        frame = frame_of(index, self.shots(index), 320, 240)
        frame.image[0, 0] = divmod(index, 256) + (0,)
        return frame

    def detect(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self._boxes(_index(image)) for image in images]

    def window_of_box(self, box: np.ndarray, roll_degrees: float) -> np.ndarray:
        return windows.window_of_box(box, roll_degrees, WINDOW_PX)

    def window_of_points(self, points: np.ndarray) -> np.ndarray:
        return windows.window_of_points(points, WINDOW_PX)

    def read(self, images: Sequence[np.ndarray], windows: Sequence[np.ndarray]) -> list[LandmarkPrediction]:
        return [self._reading(_index(image), look) for image, look in zip(images, windows, strict=True)]

    def embed(self, images: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> np.ndarray:
        vectors = np.zeros((len(images), 128), np.float32)
        for row, image, face in zip(vectors, images, points, strict=True):
            who = self._nearest(_index(image), face.mean(0))[0]
            self.embedded.append((_index(image), who))
            row[ord(who)] = 1
        return vectors

    def faceness(self, images: Sequence[np.ndarray], points: Sequence[np.ndarray]) -> np.ndarray:
        assert self.opinion is not None
        seen = [(_index(i), self._nearest(_index(i), face.mean(0))[0]) for i, face in zip(images, points, strict=True)]
        self.checked += seen
        return np.array([self.opinion(index, who) for index, who in seen], np.float32)

    def _boxes(self, index: int) -> np.ndarray:
        self.searched.append(index)
        faces = [points_at(*at) for who, at in self.places(index).items() if who not in self.unseen(index)]
        rows = [[*points.min(0), *points.max(0), 0.9, 0] for points in faces]
        return np.array(rows, np.float32).reshape(-1, 6)

    def _reading(self, index: int, look: np.ndarray) -> LandmarkPrediction:
        self.windows.append(index)
        corners = crop_corners(look, WINDOW_PX)
        centre, side = corners.mean(0), float(np.ptp(corners, axis=0).max())
        visible = np.ones(68, np.float32)
        if self.places(index):
            points = self._nearest(index, centre)[1]
            if np.abs(points.mean(0) - centre).max() < 0.3 * side and 0.3 < np.ptp(points[:, 0]) / side < 1.2:
                return LandmarkPrediction(points, visible, self.certainty(index), 0.01)
        return LandmarkPrediction(points_at(*centre, side / 2), visible, 0.05, 0.5)

    def _nearest(self, index: int, centre: np.ndarray) -> tuple[str, np.ndarray]:
        faces = {who: points_at(*at) for who, at in self.places(index).items()}
        return min(faces.items(), key=lambda item: float(np.linalg.norm(item[1].mean(0) - centre)))


def _index(image: np.ndarray) -> int:
    return int(image[0, 0, 0]) * 256 + int(image[0, 0, 1])
