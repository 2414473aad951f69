"""One example: a soft face as a model or a lens would leave it, references of the person, and the sharp answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import transform_points, view_of_crop
from faceswap.core.landmarks import BROWS, EYE_LEFT, EYE_RIGHT, INNER, JAW, MOUTH, NOSE
from faceswap.swap.data.face_mask import hull_mask
from faceswap.swap.detail.warping import warped_onto
from tools.train_detail.drawing import drawn_files
from tools.train_detail.films import STORED_PX, STORED_SHARE, Pair, pair_file

SIZE_PX = 256
REFERENCES = 3
COVERAGE = 0.7  # of `lite` and `df_96`
SYNTHETIC = 0.85  # of the examples: softened by hand
NONE, FEWER, STRANGER = 0.25, 0.15, 0.04  # shares without references, with one or two, with somebody else's
FARTHEST_PX = 6.0  # that the answer is moved onto what was drawn


@dataclass(frozen=True, eq=False)
class Sample:
    """`drawn`, `answer` (S, S, 3) and `references` (REFERENCES, S, S, 3) uint8.

    `trust` (REFERENCES,) 1 or 0; `mask` (S, S) uint8: the face.
    """

    drawn: NDArray[np.uint8]
    answer: NDArray[np.uint8]
    references: NDArray[np.uint8]
    trust: NDArray[np.float32]
    mask: NDArray[np.uint8]


class Samples:
    """Examples of the pairs `numbers` in `folder`; pairs stay in memory."""

    def __init__(self, folder: Path, numbers: list[int]) -> None:
        self.folder = folder
        self.numbers = [number for number in numbers if drawn_files(folder, number)]
        self._pairs: dict[int, tuple[Pair, list[dict[str, NDArray]]]] = {}

    def pair(self, number: int) -> tuple[Pair, list[dict[str, NDArray]]]:
        """Return a pair and what each model drew of it."""
        if number not in self._pairs:
            drawn = []
            for path in drawn_files(self.folder, number):
                with np.load(path) as file:
                    drawn.append(dict(file))
            self._pairs[number] = Pair.read(pair_file(self.folder, number)), drawn
        return self._pairs[number]

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return a random example."""
        pair, by_models = self.pair(int(rng.choice(self.numbers)))
        own = rng.random() < 0.3  # A's own film, as in a reconstruction
        pictures, points = (pair.references, pair.reference_points) if own else (pair.answers, pair.answer_points)
        moment = int(rng.integers(len(pictures)))
        synthetic = rng.random() < SYNTHETIC
        coverage = float(rng.uniform(0.64, 0.84)) if synthetic else COVERAGE
        answer, onto = seen(pictures[moment], points[moment], coverage)
        if synthetic:
            drawn = softened(answer, rng)
        else:
            drawer = by_models[int(rng.integers(len(by_models)))]
            small = drawer["own" if own else "swaps"][moment]
            drawn = cv2.resize(small, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
            answer = onto_drawn(answer, drawn)
        lender = pair
        if rng.random() < STRANGER:
            lender = self.pair(int(rng.choice(self.numbers)))[0]
        references, trust = self._references(rng, lender, onto, moment if own and lender is pair else -1)
        sample = Sample(drawn, answer, references, trust, hull_mask(onto.astype(np.float32), SIZE_PX))
        return mirrored(sample) if rng.random() < 0.5 else sample

    def chosen(self, number: int, moment: int, drawer: int, count: int = REFERENCES) -> Sample:
        """Return a moment of a swap as a conversion meets it, without chance; count 0: no references."""
        pair, by_models = self.pair(number)
        answer, onto = seen(pair.answers[moment], pair.answer_points[moment], COVERAGE)
        small = by_models[drawer % len(by_models)]["swaps"][moment]
        drawn = np.asarray(cv2.resize(small, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
        rng = np.random.default_rng(number)
        near = nearest(pair, onto, -1)[:REFERENCES]
        references = lent(pair, near, onto, rng, worsened=False)
        trust = (np.arange(REFERENCES) < count).astype(np.float32)
        return Sample(drawn, answer, references, trust, hull_mask(onto.astype(np.float32), SIZE_PX))

    def _references(
        self, rng: np.random.Generator, pair: Pair, onto: NDArray, without: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        trust = np.ones(REFERENCES, np.float32)
        chance = rng.random()
        if chance < NONE:
            trust[:] = 0
            return np.zeros((REFERENCES, SIZE_PX, SIZE_PX, 3), np.uint8), trust
        if chance < NONE + FEWER:
            trust[int(rng.integers(1, REFERENCES)) :] = 0
        order = nearest(pair, onto, without)
        order = order[rng.random(len(order)) < rng.uniform(0.5, 1.0)] if rng.random() < 0.7 else order
        if len(order) < REFERENCES:
            order = nearest(pair, onto, without)
        chosen = order[:REFERENCES] if rng.random() < 0.7 else rng.permutation(order)[:REFERENCES]
        return lent(pair, chosen, shaken(onto, rng), rng, worsened=True), trust


def seen(picture: NDArray[np.uint8], points: NDArray, coverage: float) -> tuple[NDArray[np.uint8], NDArray]:
    """Return a view (S, S, 3) of a stored picture, and its points there."""
    matrix = view_of_crop(STORED_PX, coverage / STORED_SHARE, SIZE_PX)
    size = (SIZE_PX, SIZE_PX)
    view = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, np.uint8), transform_points(matrix, points)


def nearest(pair: Pair, onto: NDArray, without: int) -> NDArray[np.int64]:
    """Return references by how near their shape, upright as it is, comes to points in a view."""
    there = onto[INNER] - onto[INNER].mean(0)
    shapes = pair.reference_points[:, INNER] - pair.reference_points[:, INNER].mean(1, keepdims=True)
    size = np.sqrt((there**2).sum() / (shapes**2).sum((1, 2)))
    distances = np.linalg.norm(shapes * size[:, None, None] - there, axis=2).mean(1)
    order = np.argsort(distances)
    return order[order != without]


def lent(
    pair: Pair, chosen: NDArray[np.int64], onto: NDArray, rng: np.random.Generator, worsened: bool
) -> NDArray[np.uint8]:
    """Return references as a face set holds them, brought onto points."""
    side = int(rng.choice([230, 230, 288, 320])) if worsened else 230  # crops of 256, 320 and 356 px
    quality, gain = int(rng.integers(82, 98)), rng.normal(1, 0.06, 3).clip(0.8, 1.2)
    soft = float(rng.uniform(0.4, 1.1)) if worsened and rng.random() < 0.2 else 0.0
    pictures, points = [], []
    for index in chosen:
        picture = pair.references[index]
        if side != STORED_PX:
            picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        if soft:
            picture = cv2.GaussianBlur(picture, (0, 0), soft)
        if worsened:
            picture = np.clip(picture * gain.astype(np.float32), 0, 255).astype(np.uint8)
        pictures.append(jpeg(picture, quality if worsened else 95))
        place = (pair.reference_points[index] + 0.5) * (side / STORED_PX) - 0.5
        points.append(shaken(place, rng, 0.7) if worsened else place)
    return warped_onto(pictures, points, onto, SIZE_PX)


def shaken(points: NDArray, rng: np.random.Generator, most_px: float = 0.9) -> NDArray:
    """Return points as a network reads them: whole parts lie off by a pixel or two, single points by half a pixel."""
    moved = points + rng.normal(0, 0.35 * most_px, points.shape)
    for part in (JAW, BROWS, NOSE, EYE_RIGHT, EYE_LEFT, MOUTH):
        moved[part] += rng.normal(0, most_px, 2) * (2.5 if part is JAW else 1.0)
    return moved


def softened(answer: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return what a model with few pixels, or a lens, leaves of a picture; its edges move a little, its colours too."""
    side = int(rng.choice([64, 80, 96, 96, 128, 160]))
    small = cv2.resize(answer, (side, side), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.4, 1.3)))
    large = cv2.resize(small, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
    coarse = rng.normal(0, float(rng.uniform(0, 1.2)), (6, 6, 2)).astype(np.float32)
    steps = cv2.resize(coarse, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
    large = remapped(large, steps)
    gain, shift = rng.normal(1, 0.04, 3), rng.normal(0, 3, 3)
    return np.clip(large * gain + shift, 0, 255).astype(np.uint8)


def onto_drawn(answer: NDArray[np.uint8], drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the answer with its parts where they were drawn: what is to be learned is detail, not another face."""
    one, other = (cv2.GaussianBlur(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY), (0, 0), 2.0) for x in (drawn, answer))
    flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(one, other, None)
    flow = cv2.GaussianBlur(np.clip(flow, -FARTHEST_PX, FARTHEST_PX), (0, 0), 8.0)
    return remapped(answer, flow)


def remapped(picture: NDArray[np.uint8], steps: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture looked up `steps` (S, S, 2) farther on."""
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX].astype(np.float32)
    moved = cv2.remap(picture, x + steps[..., 0], y + steps[..., 1], cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def mirrored(sample: Sample) -> Sample:
    """Return everything the other way round."""
    drawn, answer, mask = (np.ascontiguousarray(x[:, ::-1]) for x in (sample.drawn, sample.answer, sample.mask))
    return Sample(drawn, answer, np.ascontiguousarray(sample.references[:, :, ::-1]), sample.trust, mask)


def jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return a picture after compression."""
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
