"""The pictures that detail is borrowed from: which of a face set's crops, and which of these at a moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import mean_of
from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import frame_to_crop_for, transform_points, warp_crop
from faceswap.core.landmarks import EYE_LEFT, EYE_RIGHT, INNER, MOUTH
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.media.pictures.crops import square_crop
from faceswap.swap.initialisation.portraits import Portrait

MOST = 64  # crops of a set that are kept in memory
LOOKED_AT = 2000  # records of a set at most that are considered
SHARPEST = 0.6  # share of the crops that are: a blurred one has no detail to lend
BLURRED = 0.75  # from here on nothing is visible (`FaceRecord.blur`)
SHOWN = 0.8  # share of the points that nothing hides
ANOTHER_PERSON = 0.25  # cosine to the others below which a crop is somebody else's
LARGEST_PX = 512  # of a crop in memory
_FLEXIBLE = 1.6  # what a point of eyes and mouth counts against one that only the pose moves

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class References:
    """Pictures of one person that lend their detail.

    Attributes:
        pictures: Square crops (S, S, 3) uint8 RGB.
        points: The (68, 2) of each in its pixels.
        person: (128,) The mean embedding.
    """

    pictures: Sequence[NDArray[np.uint8]]
    points: Sequence[NDArray[np.float32]]
    person: NDArray[np.float32]

    @classmethod
    def of(cls, faces: FaceSet, embedder: FaceEmbedder) -> References | None:
        """Return those of a face set: sharp, unhidden, as different from each other as they come.

        None where no crop is fit.

        Raises:
            UserError: For a crop that cannot be read.
        """
        step = -(-len(faces) // LOOKED_AT) if len(faces) else 1
        fit = [i for i in range(0, len(faces), step) if _is_fit(faces, i)]
        if not fit:
            return None
        fit.sort(key=lambda i: faces.records[i].blur)
        fit = fit[: max(min(len(fit), MOST), round(SHARPEST * len(fit)))]
        chosen = [fit[i] for i in _spread(np.stack([shape_of(faces.records[i].crop_points) for i in fit]), MOST)]
        pictures, points = zip(*(_read(faces, i) for i in chosen), strict=True)
        return cls._of_one_person(pictures, points, faces.name, embedder)

    @classmethod
    def of_photos(cls, portraits: Sequence[Portrait], name: str, embedder: FaceEmbedder) -> References | None:
        """Return those of a person called `name` on photographs; None without any."""
        pictures, points = list[NDArray[np.uint8]](), list[NDArray[np.float32]]()
        for portrait in portraits[:MOST]:
            matrix = frame_to_crop_for(portrait.points, LARGEST_PX)
            pictures.append(warp_crop(portrait.image, matrix, LARGEST_PX, repeat_border=True))
            points.append(transform_points(matrix, portrait.points))
        return cls._of_one_person(pictures, points, name, embedder) if pictures else None

    @classmethod
    def _of_one_person(
        cls, pictures: Sequence[NDArray[np.uint8]], points: Sequence[NDArray[np.float32]], name: str,
        embedder: FaceEmbedder,
    ) -> References | None:  # fmt: skip
        vectors = embedder.embed(pictures, points)
        own = np.flatnonzero(vectors @ mean_of(vectors) >= ANOTHER_PERSON)
        if len(own) < len(pictures):
            log.warning(
                "%d of %d references of %s look like somebody else and are left out",
                len(pictures) - len(own),
                len(pictures),
                name,
            )
        if not len(own):
            return None
        kept = own.tolist()
        return cls([pictures[i] for i in kept], [points[i] for i in kept], mean_of(vectors[own]))

    def __len__(self) -> int:
        return len(self.pictures)


def _is_fit(faces: FaceSet, index: int) -> bool:
    record = faces.records[index]
    shown = record.visible is None or float(np.mean(record.visible[INNER])) >= SHOWN
    return shown and record.blur < BLURRED


def _read(faces: FaceSet, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    picture, record = square_crop(faces.path(index)), faces.records[index]
    if len(picture) > LARGEST_PX:
        picture = np.asarray(cv2.resize(picture, (LARGEST_PX, LARGEST_PX), interpolation=cv2.INTER_AREA), np.uint8)
    points = (record.crop_points + 0.5) * (len(picture) / record.size_px) - 0.5
    return picture, points.astype(np.float32)


def shape_of(points: NDArray[Any]) -> NDArray[np.float32]:
    """Return (51, 2): the inner points of an upright face, free of place and size; eyes and mouth count more."""
    inner = np.asarray(points, np.float32)[INNER]
    inner = inner - inner.mean(0)
    shape = inner / max(float(np.sqrt((inner**2).sum(1).mean())), 1e-6)
    for part in (EYE_RIGHT, EYE_LEFT, MOUTH):
        shape[part.start - INNER.start : part.stop - INNER.start] *= _FLEXIBLE
    return shape


def shape_distances(shapes: NDArray[Any], shape: NDArray[Any]) -> NDArray[np.float32]:
    """Return (n,) mean distances of shapes (n, 51, 2) from one."""
    return np.asarray(np.linalg.norm(shapes - shape, axis=2).mean(1), np.float32)


def _spread(shapes: NDArray[Any], most: int) -> list[int]:
    """Return at most so many of them, each as far as can be from those before (Gonzalez 1985), from the first on."""
    chosen = list[int]()
    distances = np.full(len(shapes), np.inf, np.float32)
    while len(chosen) < min(most, len(shapes)):
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, shape_distances(shapes, shapes[chosen[-1]]))
        distances[chosen] = -1  # of equal shapes too, each is taken once
    return chosen


class SteadyChoice:
    """Which references serve a track: the nearest in shape, kept while no other is much nearer.

    One that is to go fades out over FADE_FRAMES and its follower fades in, one at a time: a change of all at once
    would be seen. A new track begins with the nearest, in full.
    """

    FADE_FRAMES = 4
    MUCH_NEARER = 0.8  # times the distance

    def __init__(self, references: References, count: int) -> None:
        self._shapes = np.stack([shape_of(points) for points in references.points])
        self._count = min(count, len(references))
        self._of_track: dict[int, _Chosen] = {}

    def next(self, track: int, frame_index: int, points: NDArray[Any]) -> tuple[list[int], list[float]]:
        """Return the references of a face with these points (68, 2), and how far each is to be trusted, in [0, 1]."""
        distances = shape_distances(self._shapes, shape_of(points))
        order = np.argsort(distances, kind="stable").tolist()
        chosen = self._of_track.get(track)
        if track < 0 or chosen is None or not 0 <= frame_index - chosen.frame <= 2:
            chosen = _Chosen(frame_index, order[: self._count], [1.0] * self._count)
        else:
            chosen = self._followed(chosen, frame_index, distances, order)
        if track >= 0:
            self._of_track[track] = chosen
            for ended in [known for known, at in self._of_track.items() if at.frame < frame_index - 2]:
                del self._of_track[ended]  # a long film has thousands of tracks
        return chosen.places, chosen.trust

    def _followed(self, last: _Chosen, frame_index: int, distances: NDArray[Any], order: list[int]) -> _Chosen:
        places, trust, leaving = list(last.places), list(last.trust), last.leaving
        if leaving is None and min(trust) == 1:
            farthest = max(range(len(places)), key=lambda i: distances[places[i]])
            unused = next((i for i in order if i not in places), None)
            if unused is not None and distances[unused] < self.MUCH_NEARER * distances[places[farthest]]:
                leaving = farthest
        step = 1 / self.FADE_FRAMES
        if leaving is not None:
            trust[leaving] -= step
            if trust[leaving] < step / 2:
                places[leaving] = next((i for i in order if i not in places), places[leaving])
                trust[leaving], leaving = step / 2, None
        else:
            trust = [min(1.0, value + step) for value in trust]
        return _Chosen(frame_index, places, trust, leaving)


@dataclass(frozen=True)
class _Chosen:
    """References `places` with their `trust`; `leaving`: which of them fades out."""

    frame: int
    places: list[int]
    trust: list[float]
    leaving: int | None = None
