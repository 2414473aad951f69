"""People cut out of rendered pictures, whole or spoiled, and how they are put into another picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import compose, head_pose, transform_points
from faceswap.core.landmarks import FLIP_68, INNER
from tools.people.labels import Label
from tools.train_eyes.painted_hands import painted_hand

FACE_LABELS = (Label.SKIN, Label.BROWS, Label.EYES, Label.NOSE, Label.LIPS, Label.MOUTH_INSIDE, Label.BEARD)
SPOILS = ("plain", "tiles", "features", "hair", "headless")


class People(Protocol):
    """The part of `tools.train_eyes.data.Faces` that is used here."""

    @property
    def images(self) -> NDArray[np.uint8]: ...

    @property
    def labels(self) -> NDArray[np.uint8]: ...

    @property
    def points(self) -> NDArray[np.float32]: ...


@dataclass(frozen=True, eq=False)
class Cutout:
    """`pixels` (S, S, 4) uint8 RGB and alpha; `points` (68, 2) in its pixels; `roll` in degrees, + clockwise.

    What the picture's edges cut off is made up roughly: `body` is a polygon (k, 2) below the shoulders, `crown` one
    above the head (or none), each in its `colour`.
    """

    pixels: NDArray[np.uint8]
    points: NDArray[np.float32]
    roll: float
    body: tuple[NDArray[np.float32], tuple[float, ...]] | None = None
    crown: tuple[NDArray[np.float32], tuple[float, ...]] | None = None


def cut_out(people: People, index: int, rng: np.random.Generator, spoil: str | None = None) -> Cutout:
    """Return person `index`, mirrored half the time.

    With `spoil` (one of SPOILS) nothing that should count as a face.
    """
    image, labels = np.array(people.images[index]), np.asarray(people.labels[index])
    points = np.asarray(people.points[index], np.float32)
    if spoil is not None:
        image, labels = _spoiled(image, labels, points, spoil, rng)
    if rng.random() < 0.5:
        image, labels = cv2.flip(image, 1), cv2.flip(np.ascontiguousarray(labels), 1)
        points = np.stack([image.shape[1] - 1 - points[:, 0], points[:, 1]], 1)[FLIP_68]
    solid = (labels != Label.BACKGROUND).astype(np.uint8) * 255
    # the edge's pixels hold some background: draw alpha in by about a pixel
    alpha = cv2.subtract(cv2.blur(solid, (3, 3)), 110) * (255 / 145)
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    pixels[..., 3] = alpha
    return Cutout(
        pixels, points, head_pose(points).roll, _body(image, solid, rng), None if spoil else _crown(image, solid, rng)
    )


def hand_of(people: People, index: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return (h, w, 4) uint8 RGB and alpha.

    What is before the face of picture `index`, or a hand in its skin's colour.
    """
    mask = (np.asarray(people.labels[index]) == Label.OCCLUDER).astype(np.uint8) * 255
    x, y, width, height = cv2.boundingRect(mask)
    if min(width, height) < 24:
        return painted_hand(_skin(people.images[index], people.labels[index]), rng)
    place = slice(y, y + height), slice(x, x + width)
    return np.dstack([people.images[index][place], cv2.blur(mask, (3, 3))[place]])


def paste(scene: NDArray[np.uint8], cutout: Cutout, matrix: NDArray, owners: NDArray[np.uint8], owner: int) -> None:
    """Draw a cut-out into `scene` under the (2, 3) similarity `matrix`; in `owners` its pixels become `owner`."""
    for part in (cutout.body, cutout.crown):
        if part is not None:
            polygon = np.round(transform_points(matrix, part[0]) * 8).astype(np.int32)
            cv2.fillPoly(scene, [polygon], part[1], cv2.LINE_AA, 3)
            cv2.fillPoly(owners, [polygon], owner, cv2.LINE_8, 3)
    paste_pixels(scene, cutout.pixels, matrix, owners, owner)


def paste_pixels(
    scene: NDArray[np.uint8], pixels: NDArray[np.uint8], matrix: NDArray, owners: NDArray[np.uint8], owner: int
) -> None:
    """Draw (h, w, 4) pixels, reduced first where they shrink; see `paste`."""
    height, width = pixels.shape[:2]
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    corners = transform_points(matrix, np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5)
    left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (scene.shape[1], scene.shape[0]))
    if right - left < 2 or bottom - top < 2:
        return
    reduced = 2 ** max(0, round(float(np.log2(1 / scale))))
    if reduced > 1:
        size = max(2, width // reduced), max(2, height // reduced)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        x, y = width / size[0], height / size[1]
        matrix = compose(matrix, np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5]]))
    matrix = matrix - np.array([[0, 0, left], [0, 0, top]])
    warped = cv2.warpAffine(pixels, matrix, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
    alpha = warped[..., 3]
    behind = scene[top:bottom, left:right]
    share = alpha.astype(np.float32) * np.float32(1 / 255)
    before = cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB)
    behind[:] = cv2.blendLinear(before, np.ascontiguousarray(behind), share, 1 - share)
    owners[top:bottom, left:right][alpha > 127] = owner


def _body(
    image: NDArray[np.uint8], solid: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.float32], tuple[float, ...]] | None:
    """Return shoulders and chest go on where the picture ends."""
    side = len(solid)
    below = np.flatnonzero(solid[-1])
    if len(below) < side // 8:
        return None
    low, deep = float(side) - 8, side * rng.uniform(0.6, 2.0)
    left, right = [(float(below[0]), low)], [(float(below[-1]), low)]
    if solid[-1, 0]:  # the shoulder itself is cut: it slopes on outside
        left = [(0.0, float(np.flatnonzero(solid[:, 0])[0])), (-0.25 * side, low - rng.uniform(0, 0.2) * side)]
        left[0] = 0.0, max(left[0][1], 0.6 * side)
    if solid[-1, -1]:
        right = [
            (side - 1.0, max(float(np.flatnonzero(solid[:, -1])[0]), 0.6 * side)),
            (1.25 * side, low - rng.uniform(0, 0.2) * side),
        ]
    wider = rng.uniform(0, 0.15) * side
    feet = [(left[-1][0] - wider, low + deep), (right[-1][0] + wider, low + deep)]
    inner = [] if len(left) == 1 and len(right) == 1 else [(right[0][0], low), (left[0][0], low)]
    polygon = np.array([*inner, *left, *feet, *right[::-1]], np.float32)
    return polygon, _mean(image[-4:, below])


def _crown(
    image: NDArray[np.uint8], solid: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.float32], tuple[float, ...]] | None:
    """Return the top of a head that the picture's upper edge cut off."""
    above = np.flatnonzero(solid[0])
    if len(above) < 6:
        return None
    middle, half = (above[0] + above[-1]) / 2, (above[-1] - above[0]) / 2
    angle = np.linspace(0, np.pi, 12)
    high = half * rng.uniform(0.2, 0.5)
    polygon = np.stack([middle + half * np.cos(angle), 1 - high * np.sin(angle)], 1).astype(np.float32)
    return polygon, _mean(image[:4, above])


def _mean(pixels: NDArray[np.uint8]) -> tuple[float, ...]:
    return tuple(float(value) for value in pixels.reshape(-1, 3).mean(0))


def _skin(image: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    shown = np.asarray(image)[np.asarray(labels) == Label.SKIN]
    return np.array(_mean(shown) if len(shown) else (150, 110, 90), np.float64)


def _spoiled(
    image: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    points: NDArray[np.float32],
    spoil: str,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the picture with its face made into something that is none: (image, labels)."""
    face = np.isin(labels, FACE_LABELS).astype(np.uint8) * 255
    skin = _skin(image, labels)
    if spoil == "headless":
        labels = np.where((labels == Label.CLOTH) | (labels == Label.NECK), labels, Label.BACKGROUND).astype(np.uint8)
    elif spoil == "tiles":
        image = _shuffled(image, points, rng)
    elif spoil == "hair":
        is_hair = labels == Label.HAIR
        hair = np.array(_mean(image[is_hair])) if is_hair.sum() > 50 else rng.uniform(5, 90, 3)
        strands = cv2.resize(rng.normal(0, 0.25, (len(image), 12)), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        _fill(image, cv2.dilate(face, np.ones((5, 5), np.uint8)), hair * (1 + strands[..., None]))
    else:  # plain, or only eyes, brows and mouth away
        hull = np.zeros_like(face)
        parts = (
            (INNER,)
            if spoil == "plain"
            else (slice(17, 22), slice(22, 27), slice(36, 42), slice(42, 48), slice(48, 68))
        )
        for part in parts:
            cv2.fillConvexPoly(hull, cv2.convexHull(np.round(points[part]).astype(np.int32)), 255)
        grown = max(3, int(0.06 * np.ptp(points[:, 0]))) * 2 + 1
        _fill(image, cv2.dilate(hull, np.ones((grown, grown), np.uint8)), np.broadcast_to(skin, image.shape))
    return image, labels


def _fill(image: NDArray[np.uint8], mask: NDArray[np.uint8], colour: NDArray) -> None:
    share = cv2.GaussianBlur(mask, (0, 0), 2.0)[..., None] / np.float32(255)
    image[:] = np.clip(image * (1 - share) + colour * share, 0, 255).astype(np.uint8)


def _shuffled(image: NDArray[np.uint8], points: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the face's box cut into nine tiles, none of them where it was."""
    low = np.clip(points.min(0), 0, len(image) - 10).astype(int)
    step = np.maximum((np.clip(points.max(0), low + 9, len(image) - 1) - low).astype(int) // 3, 3)
    places = [(low[0] + step[0] * (i % 3), low[1] + step[1] * (i // 3)) for i in range(9)]
    order = np.roll(rng.permutation(9), 1)
    mixed = image.copy()
    for (x, y), source in zip(places, order, strict=True):
        u, v = places[source]
        tile = image[v : v + step[1], u : u + step[0]]
        here = mixed[y : y + step[1], x : x + step[0]]
        if here.shape == tile.shape:
            here[:] = tile[::-1] if rng.random() < 0.3 else tile
    return mixed
