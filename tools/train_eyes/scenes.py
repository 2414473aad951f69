"""Scenes to learn detection on: rendered people cut out and put anywhere, at any size and turn, into clutter."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import transform_points
from faceswap.core.landmarks import INNER
from faceswap.facenets.detector import BORDER_GREY
from tools.train_eyes.clutter import background, colour
from tools.train_eyes.cutouts import SPOILS, People, cut_out, hand_of, paste, paste_pixels

SMALLEST_PX, LARGEST_SHARE = 9.0, 0.85  # of a face's longer side: pixels, and shares of the scene
TOO_SMALL_PX = 8.0  # ignored below this
MOSTLY_HIDDEN, GONE = 0.5, 0.08  # faces are ignored, or left out, when a smaller share of their inner points shows
PERSON_COUNTS, PERSON_SHARES = (0, 1, 2, 3, 5, 8), (0.15, 0.40, 0.2, 0.12, 0.08, 0.05)
OCCLUDER, OUTSIDE = 254, 255  # owners of pixels that are no person


@dataclass(frozen=True, eq=False)
class Scene:
    """`image` (S, S, 3) uint8 RGB; faces: `boxes` (n, 4) in its pixels, `rolls` (n,) degrees, `ignored` (n,).

    The picture proper fills only `frame` (x0, y0, x1, y1; whole pixels, the last ones not in it) of the scene, as a
    detector's input has a border; `framed` draws that border. Ignored faces need not be found nor left alone.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    rolls: NDArray[np.float32]
    ignored: NDArray[np.bool_]
    frame: tuple[int, int, int, int]

    def framed(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return `image`, the scene's own or one made of it, within the border."""
        x0, y0, x1, y1 = self.frame
        canvas = np.full_like(image, BORDER_GREY)
        canvas[y0:y1, x0:x1] = image[y0:y1, x0:x1]
        return canvas


class SceneMaker:
    """`make` composes a scene of `side_px` with the people `indices` of a set."""

    def __init__(self, people: People, indices: NDArray[np.int64], side_px: int = 256) -> None:
        self.people, self.side_px = people, side_px
        points = np.asarray(people.points)[indices]
        reach = 0.04 * side_of(people)
        whole = (points.min((1, 2)) > -reach) & (points.max((1, 2)) < side_of(people) - 1 + reach)
        if not whole.any():
            raise ValueError("no face of the set lies wholly in its picture")
        self.indices = np.asarray(indices)[whole]

    def make(self, rng: np.random.Generator) -> Scene:
        """Return a new scene, the same for the same state of `rng`."""
        side = self.side_px
        frame = self._frame(rng)
        image = np.ascontiguousarray(background(side, self.people, self.indices, rng))
        owners = np.zeros((side, side), np.uint8)
        count = int(rng.choice(PERSON_COUNTS, p=PERSON_SHARES))
        sizes = np.sort(self._sizes(count, rng))  # the large ones stand before the small ones
        self._strangers(image, owners, frame, rng)
        faces: list[tuple[NDArray, float]] = []
        for number, size in enumerate(sizes, 1):
            faces.append(self._person(image, owners, frame, float(size), number, rng))
        if faces and rng.random() < 0.35:
            self._occlude(image, owners, faces[int(rng.integers(len(faces)))][0], rng)
        return _labelled(image, owners, frame, faces)

    def _frame(self, rng: np.random.Generator) -> tuple[int, int, int, int]:
        if rng.random() < 0.3:
            return 0, 0, self.side_px, self.side_px
        border = np.where(rng.random(4) < 0.4, 0, rng.uniform(0, 0.16, 4)) * self.side_px
        x0, y0, x1, y1 = border.astype(int).tolist()
        return x0, y0, self.side_px - x1, self.side_px - y1

    def _sizes(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return longer sides of faces.

        Any size is as likely as its double; in crowds the people are about as large.
        """
        low, high = np.log(SMALLEST_PX), np.log(LARGEST_SHARE * self.side_px)
        if count < 3:
            return np.exp(rng.uniform(low, high, count))
        middle = rng.uniform(low, np.log(0.45 * self.side_px))
        return np.exp(np.clip(rng.normal(middle, 0.35, count), low, high))

    def _person(
        self,
        image: NDArray[np.uint8],
        owners: NDArray[np.uint8],
        frame: tuple[int, int, int, int],
        size: float,
        owner: int,
        rng: np.random.Generator,
        spoil: str | None = None,
    ) -> tuple[NDArray[np.float32], float]:
        """Draw a person; the points (68, 2) in the scene and the roll."""
        cutout = cut_out(self.people, int(rng.choice(self.indices)), rng, spoil)
        turn = rng.uniform(-180, 180) if rng.random() < 0.25 else float(np.clip(rng.normal(0, 16), -45, 45))
        matrix = _placed(cutout.points, size, turn, _centre(frame, size, rng))
        paste(image, cutout, matrix, owners, owner)
        return transform_points(matrix, cutout.points), (cutout.roll + turn + 180) % 360 - 180

    def _strangers(
        self,
        image: NDArray[np.uint8],
        owners: NDArray[np.uint8],
        frame: tuple[int, int, int, int],
        rng: np.random.Generator,
    ) -> None:
        """People without a face, and hands, in a part of the scenes: what must not be found."""
        for _ in range(int(rng.choice([0, 1, 2], p=[0.6, 0.28, 0.12]))):
            size = float(np.exp(rng.uniform(np.log(32), np.log(0.8 * self.side_px))))  # smaller ones look like faces
            if rng.random() < 0.4:
                self._hand(image, owners, rng.uniform(0, self.side_px, 2), size, 0, rng)
                continue
            self._person(image, owners, frame, size, 0, rng, str(rng.choice(SPOILS)))

    def _occlude(
        self, image: NDArray[np.uint8], owners: NDArray[np.uint8], points: NDArray[np.float32], rng: np.random.Generator
    ) -> None:
        """Something before a part of a face."""
        low, high = points.min(0), points.max(0)
        size = float((high - low).max())
        place = rng.uniform(low, high)
        if rng.random() < 0.6:
            self._hand(image, owners, place, size * rng.uniform(0.7, 1.6), OCCLUDER, rng)
            return
        axes = np.maximum(1, size * rng.uniform(0.08, 0.4, 2)).astype(int).tolist()
        for canvas, ink in ((image, colour(rng)), (owners, (OCCLUDER,))):
            state = np.random.default_rng(int(size * 1000))  # the same shape in both
            centre = np.clip(place, -1000, 1000).astype(int)
            if state.random() < 0.5:
                cv2.ellipse(canvas, centre.tolist(), axes, state.uniform(0, 180), 0, 360, ink, -1)
            else:
                cv2.rectangle(canvas, (centre - axes).tolist(), (centre + axes).tolist(), ink, -1)

    def _hand(
        self,
        image: NDArray[np.uint8],
        owners: NDArray[np.uint8],
        place: NDArray,
        size: float,
        owner: int,
        rng: np.random.Generator,
    ) -> None:
        """A hand, or what else is before a face in some picture, `size` pixels long."""
        pixels = hand_of(self.people, int(rng.choice(self.indices)), rng)
        corners = np.array([[0, 0], pixels.shape[1::-1]], np.float32)
        paste_pixels(image, pixels, _placed(corners, size, rng.uniform(-180, 180), place), owners, owner)


def side_of(people: People) -> int:
    """Return the side of a set's square pictures."""
    return int(people.images.shape[1])


def _centre(frame: tuple[int, int, int, int], size: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return where a face goes.

    Mostly wholly inside the picture, as far as it fits, else anywhere, cut by an edge or not.
    """
    margin = 0.5 * size if rng.random() < 0.75 else -0.15 * size
    low, high = np.array(frame[:2], np.float64), np.array(frame[2:], np.float64)
    slack = 0.5 * (high - low) - margin
    return (low + high) / 2 + rng.uniform(-1, 1, 2) * np.maximum(slack, 0.12 * size)


def _placed(points: NDArray, size: float, turn: float, centre: NDArray) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that makes the points' box `size` long.

    Turns it clockwise and centres it at `centre`.
    """
    low, high = points.min(0), points.max(0)
    scale, angle = size / float((high - low).max()), np.radians(turn)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.hstack([linear, (centre - linear @ ((low + high) / 2))[:, None]])


def _labelled(
    image: NDArray[np.uint8],
    owners: NDArray[np.uint8],
    frame: tuple[int, int, int, int],
    faces: list[tuple[NDArray, float]],
) -> Scene:
    """Return the scene with its faces, those left out of which nothing shows."""
    side = len(image)
    x0, y0, x1, y1 = frame
    boxes, rolls, ignored = [], [], []
    for number, (points, roll) in enumerate(faces, 1):
        box = np.concatenate([points.min(0), points.max(0)])
        x, y = np.round(points[INNER]).astype(int).T
        within = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        shown = float((owners[np.clip(y, 0, side - 1), np.clip(x, 0, side - 1)] == number)[within].sum()) / len(x)
        if shown < GONE:
            continue
        centre = (box[:2] + box[2:]) / 2
        unfit = shown < MOSTLY_HIDDEN or float((box[2:] - box[:2]).max()) < TOO_SMALL_PX
        boxes.append(box)
        rolls.append(roll)
        ignored.append(unfit or bool((centre < 0).any() or (centre > side - 1).any()))
    return Scene(
        image,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(rolls, np.float32),
        np.array(ignored, bool),
        frame,
    )
