"""Photographs carried from face to face: warped to one shape, cross-faded there, guided by the generator's colours.

A small generator draws the middle of a way soft. The photos' own pixels are sharp: both are moved to the shape in
between (their 68 points and the outline of the head and hair), where eye lies on eye and mouth on mouth, and fade into
each other. Only broad colour and light are the generator's, and only as far as they leave the straight line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import resizing, transform_points
from faceswap.stylegan.morphing.composite import moved_places
from faceswap.stylegan.morphing.subjects import Subject, photo_of
from faceswap.utils.numbers import smoothstep

RAYS = np.deg2rad(np.arange(-200, 21, 10))  # from between the eyes over the top of the head, ear to ear
BEYOND_FACE = 1.15  # least length of a ray, in distances of the outermost point of the face: the outline encloses it
# eyes and mouth, as outline and, of the 68 points, their corners and the middles of the edges between: two of them in
# one place are a ghost
FEATURES = (
    (slice(36, 42), (36, 39), ((37, 38), (40, 41))),
    (slice(42, 48), (42, 45), ((43, 44), (46, 47))),
    (slice(48, 60), (48, 54), ((62,), (66,))),
)
FEATURE_SHARE = 0.3  # of the way: how long a feature takes to change
OPENER = 0.3  # difference of height / width at which the wider open feature is shown over most of the way
SHIFT = 0.3  # of the way: by how much its change moves then
FEATURE_MARGIN = 0.012  # by which a feature's edge is softened, a share of the side
BROAD = 0.06  # sigma of what is colour and light, a share of the side
FINE = 0.012  # sigma below which detail keeps its contrast, a share of the side


@dataclass(frozen=True, eq=False)
class Photograph:
    """A crop (S, S, 3) uint8 RGB with `points` (N, 2) in its pixels: 68 of the face, then the outline of the head."""

    image: NDArray[np.uint8]
    points: NDArray[np.float64]


def photograph_of(subject: Subject, size_px: int) -> Photograph | None:
    """Return the photo's style crop, size_px wide, with its points; None of a face without a photo."""
    image, portrait = photo_of(subject, size_px), subject.portrait
    if image is None or portrait is None:
        return None
    points = transform_points(resizing(portrait.aligned.size_px, size_px), portrait.aligned.points)
    mask = cv2.resize(portrait.mask, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
    return Photograph(image, np.concatenate([points, head_outline(mask, points)]).astype(np.float64))


def head_outline(mask: NDArray[np.float32], points: NDArray) -> NDArray[np.float64]:
    """Return where RAYS from between the eyes leave the head, (len(RAYS), 2), within the picture.

    Args:
        mask: (S, S) in [0, 1], 1 on head and hair.
        points: (68, 2) in its pixels.
    """
    size = len(mask)
    centre = points[36:48].mean(0)
    directions = np.stack([np.cos(RAYS), np.sin(RAYS)], 1)
    steps = np.arange(2 * size)
    places = centre + directions[:, None] * steps[:, None]
    inside = ((places >= 0) & (places <= size - 1)).all(2)
    at = np.clip(places.round().astype(int), 0, size - 1)
    on_head = inside & (mask[at[..., 1], at[..., 0]] > 0.5)
    reach = np.where(on_head, steps, 0).max(1).astype(np.float64)
    reach = np.convolve(np.pad(reach, 1, "edge"), [0.25, 0.5, 0.25], "valid")  # a lock of hair is no head
    face = ((points[:27] - centre) @ directions.T).max(0)
    return np.clip(centre + directions * np.maximum(reach, BEYOND_FACE * face)[:, None], 0, size - 1)


@dataclass(frozen=True, eq=False)
class PhotoMorph:
    """The way from one photograph to another of the same size S.

    `drawn_first`, `drawn_second` (R, R, 3) in [0, 1]: what the generator draws of the two.
    """

    first: Photograph
    second: Photograph
    drawn_first: NDArray[np.float32]
    drawn_second: NDArray[np.float32]

    def frame(self, way: float, drawn: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the picture (S, S, 3) uint8 RGB at `way` in [0, 1]: the photographs themselves at 0 and 1.

        Args:
            drawn: (R, R, 3) in [0, 1] What the generator draws there.
        """
        size_px = len(self.first.image)
        shape = (1 - way) * self.first.points + way * self.second.points
        pictures, drawings = [], []
        for photograph, drawing in ((self.first, self.drawn_first), (self.second, self.drawn_second)):
            places = moved_places(photograph.points, shape, size_px)
            pictures.append(_moved(np.divide(photograph.image, 255, dtype=np.float32), places))
            drawings.append(_moved(drawing, _resized_places(places, len(drawing))))
        bend = drawn - (1 - way) * drawings[0] - way * drawings[1]
        bend = cv2.GaussianBlur(bend, (0, 0), BROAD * len(bend))
        picture = _faded(pictures[0], pictures[1], self._share_of_second(way, shape))
        picture += cv2.resize(bend, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
        return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)

    def _share_of_second(self, way: float, shape: NDArray) -> NDArray[np.float32]:
        """Return the second picture's share of each pixel, (S, S), whose features change faster than the rest.

        The wider open of two mouths or eyes is shown the longer: pressed together it still looks like one, while a
        closed one drawn apart does not.
        """
        size_px = len(self.first.image)
        share = np.full((size_px, size_px), way, np.float32)
        sigma = FEATURE_MARGIN * size_px
        for outline, corners, edges in FEATURES:
            opener = _openness(self.second.points, corners, edges) - _openness(self.first.points, corners, edges)
            middle = 0.5 - SHIFT * min(max(opener / OPENER, -1), 1)
            quick = smoothstep(min(max((way - middle) / FEATURE_SHARE + 0.5, 0), 1))
            feature = np.zeros((size_px, size_px), np.float32)
            cv2.fillConvexPoly(feature, cv2.convexHull(np.round(shape[outline]).astype(np.int32)), 1)
            feature = cv2.dilate(feature, np.ones((2 * round(sigma) + 1,) * 2, np.uint8))
            share += (quick - way) * cv2.GaussianBlur(feature, (0, 0), sigma)
        return share


def _openness(points: NDArray, corners: tuple[int, int], edges: tuple[tuple[int, ...], tuple[int, ...]]) -> float:
    """Return height / width of an eye or mouth."""
    upper, lower = (points[list(edge)].mean(0) for edge in edges)
    width = float(np.linalg.norm(points[corners[0]] - points[corners[1]]))
    return float(np.linalg.norm(upper - lower)) / max(width, 1e-6)


def _faded(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (1 - share) first + share second, fine detail at its own contrast.

    The mean of two details that have nothing to do with each other (skin, hair) has 0.7 of their contrast: the weights
    of the fine part are divided by the root of their squares' sum (Heitz and Neyret 2018).
    """
    share = share[..., None]
    mean = (1 - share) * first + share * second
    sigma = FINE * len(first)
    detail = mean - cv2.GaussianBlur(mean, (0, 0), sigma)
    return mean + detail * (1 / np.sqrt((1 - share) ** 2 + share**2) - 1)


def _moved(picture: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    moved = cv2.remap(picture, places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _resized_places(places: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """Return where the pixels of a picture of another size come from, as `places` (S, S, 2) say it of one."""
    scale = size_px / len(places)
    return (cv2.resize(places, (size_px, size_px), interpolation=cv2.INTER_AREA) + 0.5) * scale - 0.5
