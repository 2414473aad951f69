"""What lies behind faces and is none: noise, stripes, shapes, letters, textures, things that look a little like one."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.people.labels import Label
from tools.train_eyes.cutouts import People

Scene = NDArray[np.uint8]  # (S, S, 3) RGB
LETTERS = "ABCDEFGHKMNOPRSTUWXYZabdeghkmnopqrstuy0123456789@&%#?!.,:;()*"


def background(side_px: int, people: People, indices: NDArray, rng: np.random.Generator) -> Scene:
    """Return a square picture without a face: a ground, and things upon it."""
    ground = _choose(rng, GROUNDS)
    scene = ground(side_px, people, indices, rng)
    for _ in range(int(rng.choice([0, 2, 6, 16], p=[0.2, 0.4, 0.25, 0.15]))):
        _choose(rng, THINGS)(scene, people, indices, rng)
    if rng.random() < 0.5:
        scene = cv2.GaussianBlur(scene, (0, 0), float(np.exp(rng.uniform(-0.7, 1.6))))
    return scene


def colour(rng: np.random.Generator) -> tuple[float, ...]:
    """Return any colour; one in three that of some skin."""
    if rng.random() < 0.33:
        light = rng.uniform(40, 255)
        return tuple(
            float(c) for c in np.clip(light * np.array([1, rng.uniform(0.6, 0.85), rng.uniform(0.4, 0.75)]), 0, 255)
        )
    grey = rng.uniform(0, 255)
    return tuple(float(c) for c in np.clip(grey + rng.normal(0, 1, 3) * rng.uniform(0, 80), 0, 255))


# ---- grounds


def _gradient(side: int, people: People, indices: NDArray, rng: np.random.Generator) -> Scene:
    corners = np.array([[colour(rng), colour(rng)], [colour(rng), colour(rng)]], np.float32)
    if rng.random() < 0.4:
        corners[:] = corners[0, 0] + rng.normal(0, 8, corners.shape)
    return np.clip(cv2.resize(corners, (side, side), interpolation=cv2.INTER_LINEAR), 0, 255).astype(np.uint8)


def _noise(side: int, people: People, indices: NDArray, rng: np.random.Generator) -> Scene:
    total = np.full((side, side, 3), colour(rng), np.float32)
    slope, coloured = rng.uniform(0.1, 1.2), rng.uniform(0, 1)
    for cells in (3, 6, 13, 27, 55, 110):
        values = rng.standard_normal((cells, cells, 3), np.float32) * np.float32(coloured)
        values += rng.standard_normal((cells, cells, 1), np.float32)
        total += cv2.resize(values * np.float32(90 / cells**slope), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.clip(total, 0, 255).astype(np.uint8)


def _stripes(side: int, people: People, indices: NDArray, rng: np.random.Generator) -> Scene:
    angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4), np.log(90)))
    along = np.arange(side, dtype=np.float32) * np.float32(2 * np.pi / period)
    phase = along[None] * np.float32(np.cos(angle)) + along[:, None] * np.float32(np.sin(angle))
    wave = np.sin(phase)
    if rng.random() < 0.4:
        wave *= np.sin(along[None] * np.float32(-np.sin(angle)) + along[:, None] * np.float32(np.cos(angle)))
    share = (0.5 + 0.5 * np.clip(wave * np.float32(rng.uniform(1, 6)), -1, 1))[..., None]
    return (np.array(colour(rng), np.float32) * share + np.array(colour(rng), np.float32) * (1 - share)).astype(
        np.uint8
    )


def _rendered(side: int, people: People, indices: NDArray, rng: np.random.Generator) -> Scene:
    """Return a part of a rendered picture without its face: cloth, hair, hands, wall; enlarged."""
    return cv2.resize(faceless_piece(people, indices, rng), (side, side), interpolation=cv2.INTER_LINEAR)


def faceless_piece(people: People, indices: NDArray, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a square of a random picture that holds no more than the rim of a face."""
    index = int(rng.choice(indices))
    image = people.images[index]
    face = _occupied(people.points[index], len(image))
    for _ in range(8):
        size = int(rng.integers(24, 110))
        x, y = rng.integers(0, len(image) - size + 1, 2)
        if not face[y : y + size, x : x + size].any():
            return np.asarray(image[y : y + size, x : x + size])
    return np.asarray(image[:24, :24])


def _occupied(points: NDArray, side: int) -> NDArray[np.bool_]:
    """Return the middle of the face's box: where a piece of the picture would show features."""
    low, high = points[17:].min(0), points[17:].max(0)
    inset = 0.15 * (high - low)
    mask = np.zeros((side, side), bool)
    left, top = np.clip((low + inset).astype(int), 0, side)
    right, bottom = np.clip((high - inset).astype(int), 0, side)
    mask[top:bottom, left:right] = True
    return mask


# ---- things


def _ellipse(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    _oval(scene, rng, colour(rng))


def _oval(scene: Scene, rng: np.random.Generator, ink: tuple[float, ...]) -> tuple[NDArray, float]:
    centre, radius = rng.uniform(0, len(scene), 2), float(np.exp(rng.uniform(np.log(4), np.log(len(scene) / 2))))
    axes = max(2, int(radius * rng.uniform(0.5, 1))), max(2, int(radius))
    place = int(centre[0]), int(centre[1])
    cv2.ellipse(scene, place, axes, float(rng.uniform(0, 180)), 0, 360, ink, -1, cv2.LINE_AA)
    return centre, radius


def _shape(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    middle, reach = rng.uniform(0, len(scene), 2), np.exp(rng.uniform(np.log(4), np.log(len(scene) / 2)))
    polygon = np.round(middle + rng.uniform(-reach, reach, (int(rng.integers(3, 7)), 2))).astype(np.int32)
    cv2.fillPoly(scene, [polygon], colour(rng), cv2.LINE_AA)


def _box(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    low = rng.integers(-20, len(scene), 2)
    high = low + np.exp(rng.uniform(np.log(3), np.log(len(scene)), 2)).astype(int)
    cv2.rectangle(
        scene, low.tolist(), high.tolist(), colour(rng), -1 if rng.random() < 0.7 else int(rng.integers(1, 5))
    )


def _lines(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    ends = rng.integers(-10, len(scene) + 10, (int(rng.integers(2, 8)), 2)).astype(np.int32)
    cv2.polylines(scene, [ends], False, colour(rng), int(rng.integers(1, 9)), cv2.LINE_AA)


def _letters(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    text = "".join(rng.choice(list(LETTERS), int(rng.integers(1, 12))))
    place = int(rng.integers(-10, len(scene) - 10)), int(rng.integers(10, len(scene)))
    font, size = int(rng.integers(0, 8)), float(np.exp(rng.uniform(-1, 1.3)))
    cv2.putText(scene, text, place, font, size, colour(rng), max(1, int(size * rng.uniform(1, 4))), cv2.LINE_AA)


def _dotted(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    """A round thing with dots anywhere: fruit, a button, a print, a machine's front."""
    centre, radius = _oval(scene, rng, colour(rng))
    ink = colour(rng)
    for _ in range(int(rng.integers(1, 7))):
        place = centre + rng.uniform(-0.6, 0.6, 2) * radius
        axes = np.maximum(1, radius * rng.uniform(0.04, 0.25, 2)).astype(int)
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(scene, place.astype(int).tolist(), axes.tolist(), angle, 0, 360, ink, -1, cv2.LINE_AA)


def _piece(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    """A texture from a rendered picture."""
    piece = faceless_piece(people, indices, rng)
    size = int(np.exp(rng.uniform(np.log(10), np.log(len(scene) / 1.5))))
    x, y = rng.integers(0, len(scene) - size, 2)
    turned = np.rot90(piece, int(rng.integers(4)))
    scene[y : y + size, x : x + size] = cv2.resize(
        np.ascontiguousarray(turned), (size, size), interpolation=cv2.INTER_AREA
    )


def _skin_blob(scene: Scene, people: People, indices: NDArray, rng: np.random.Generator) -> None:
    """An arm, a knee, a hand closed: skin with folds but no features."""
    index = int(rng.choice(indices))
    skin = np.asarray(people.labels[index]) == Label.SKIN
    pixels = np.asarray(people.images[index])[skin]
    ink = tuple(float(c) for c in pixels.mean(0)) if len(pixels) else colour(rng)
    start, angle = rng.uniform(0, len(scene), 2), rng.uniform(0, 2 * np.pi)
    width = int(np.exp(rng.uniform(np.log(4), np.log(len(scene) / 4))))
    for _ in range(int(rng.integers(1, 5))):  # a bent chain of rounded limbs
        end = start + np.array([np.cos(angle), np.sin(angle)]) * width * rng.uniform(0.7, 4)
        shade = tuple(float(c) * rng.uniform(0.75, 1.15) for c in ink)
        cv2.line(scene, start.astype(int).tolist(), end.astype(int).tolist(), shade, width, cv2.LINE_AA)
        start, angle = (start if rng.random() < 0.5 else end), angle + rng.normal(0, 0.6)


def _choose(rng: np.random.Generator, table: tuple[tuple[Callable, float], ...]) -> Callable:
    return table[int(np.searchsorted(np.cumsum([share for _, share in table]), rng.random() * 0.999))][0]


GROUNDS: tuple[tuple[Callable, float], ...] = ((_gradient, 0.35), (_noise, 0.25), (_stripes, 0.1), (_rendered, 0.3))
THINGS: tuple[tuple[Callable, float], ...] = (
    (_ellipse, 0.12),
    (_shape, 0.13),
    (_box, 0.2),
    (_lines, 0.1),
    (_letters, 0.1),
    (_dotted, 0.1),
    (_piece, 0.15),
    (_skin_blob, 0.1),
)
