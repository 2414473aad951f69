"""Pastes things before faces: hands in the person's own skin, arms, cloth, cups, microphones, paper, old pictures.

A parser that is to leave hands out of a face must see them in all poses; rendered ones are few, painted ones cheap.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import JAW
from tools.people.appearance import skin_tone
from tools.people.labels import Label
from tools.train_eyes.hands import add_arm, add_hand
from tools.train_eyes.relief import add_blob, add_path, coverage_of, empty, mottling, shade

Image = NDArray[np.uint8]
SKIN = (Label.SKIN, Label.NOSE, Label.NECK)
Scrap = Callable[[np.random.Generator], Image]  # another picture (H, W, 3)


class Painter:
    """`paint` covers a part of a view; `scrap` gives other pictures, whose pieces are used as materials."""

    def __init__(self, scrap: Scrap) -> None:
        self._scrap = scrap

    def paint(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[Image, Image]:
        """Return the view (S, S, 3) and its labels (S, S) with something before the face, its pixels labelled OCCLUDER.

        `points` (68, 2) are pixels of the view. Nothing is changed in place.
        """
        kinds = (self._hand, self._arm, self._cloth, self._mask, self._thing, self._sheet)
        kind = kinds[rng.choice(len(kinds), p=[0.58, 0.09, 0.09, 0.06, 0.12, 0.06])]
        colours, cover = kind(view, labels, points, rng)
        return _pasted(view, labels, colours, cover, rng)

    # ---- skin

    def _hand(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        size = view.shape[0]
        field = empty(size)
        face_px = float(np.ptp(points[:, 1]))
        length = face_px * rng.uniform(0.9, 1.9)
        centre = points[rng.integers(68)] + rng.normal(0, 0.25 * face_px, 2)
        tips = add_hand(field, centre, length, rng)
        if rng.random() < 0.15:  # a second hand of the same person
            tips += add_hand(field, centre + rng.normal(0, 0.5 * face_px, 2), length * rng.uniform(0.9, 1.1), rng)
        colours = self._skin(view, labels, rng) * shade(field, rng, rng.uniform(0.6, 1.6))
        if rng.random() < 0.6:
            _draw_nails(colours, tips, length, rng)
        if rng.random() < 0.3:  # a sleeve
            edge = centre + (centre - points[30]) * rng.uniform(0.1, 0.8)
            self._dress(colours, edge, centre - points[30], rng)
        return colours, coverage_of(field)

    def _arm(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        field = empty(view.shape[0])
        add_arm(field, view.shape[0], rng)
        bare = rng.random() < 0.7
        material = self._skin(view, labels, rng) if bare else self._material(view.shape[0], rng)
        return material * shade(field, rng, 2.0), coverage_of(field)

    def _skin(self, view: Image, labels: Image, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return (S, S, 3) in the person's own tone mostly, sometimes with the face's own texture.

        Sometimes anybody's.
        """
        size = view.shape[0]
        pixels = view[np.isin(labels, SKIN)][::7]
        if len(pixels) < 20 or rng.random() < 0.15:
            tone = 255 * skin_tone(rng.uniform(0, 7.9)) ** (1 / 2.2)
        else:
            tone = np.percentile(pixels, rng.uniform(30, 75), axis=0)
        tone = (tone * np.exp(rng.normal(0, 0.16) + rng.normal(0, 0.05, 3))).astype(np.float32)
        texture = mottling(size, rng, rng.uniform(0.01, 0.10))
        if rng.random() < 0.3:
            soft = cv2.GaussianBlur(view, (0, 0), rng.uniform(1, 8)).astype(np.float32)
            texture = texture * np.clip(
                np.roll(soft, rng.integers(0, size, 2), (0, 1)) / (soft.mean((0, 1)) + 1), 0.6, 1.5
            )
        return (tone * texture).astype(np.float32)

    # ---- other materials

    def _cloth(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        size = view.shape[0]
        field = empty(size)
        corners = int(rng.integers(5, 12))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        reach = rng.uniform(0.12, 0.45) * size * rng.uniform(0.6, 1.3, corners)
        centre = points[rng.integers(68)] + rng.normal(0, 0.2 * size, 2)
        outline = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None]
        add_blob(field, outline, rng.uniform(0, 10))
        for _ in range(rng.integers(0, 5)):  # folds, where cloth is
            fold = empty(size)
            path = centre + rng.normal(0, 0.3 * size, (3, 2))
            add_path(fold, path, rng.uniform(2, 8, 3).tolist(), lift=rng.uniform(0, 8), flatness=0.6)
            field = np.where(field > -1000, np.maximum(field, fold), field)
        return self._material(size, rng) * shade(field, rng, rng.uniform(0.8, 3)), coverage_of(field)

    def _mask(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        """Return a mask, a scarf or a polo neck drawn up: everything below a line across the nose or the mouth."""
        bridge = points[rng.choice([28, 29, 30, 33, 51, 62])]
        middle = points[33]
        jaw = (
            points[JAW][1:16] if rng.random() < 0.6 else middle + (points[JAW][1:16] - middle) * rng.uniform(1.05, 1.5)
        )
        field = empty(view.shape[0])
        add_blob(field, np.concatenate([jaw, bridge[None]]) + rng.normal(0, 1.5, (16, 2)), rng.uniform(3, 20))
        return self._material(view.shape[0], rng) * shade(field, rng, 2.0), coverage_of(field)

    def _thing(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        """Return a microphone, a cup, a stick or a ball."""
        size = view.shape[0]
        field = empty(size)
        top = points[rng.integers(68)] + rng.normal(0, 0.1 * size, 2)
        angle = rng.normal(0, 0.6)
        down = np.array([np.sin(angle), np.cos(angle)])
        kind = rng.integers(4)
        thick = rng.uniform(0.07, 0.16) * size
        if kind == 0:
            add_path(field, np.stack([top, top + down]), [thick, thick], lift=4)
            add_path(field, np.stack([top, top + down * 3 * size]), [thick * 0.6, thick * 0.5])
        elif kind == 1:
            across, height = np.array([down[1], -down[0]]), thick * rng.uniform(2, 3.5)
            narrow = rng.uniform(0.6, 1.0)
            corners = [top - across * thick * 1.6, top + across * thick * 1.6]
            corners += [
                top + down * height + across * thick * 1.6 * narrow,
                top + down * height - across * thick * 1.6 * narrow,
            ]
            add_blob(field, np.array(corners), thick)
        elif kind == 2:
            add_path(
                field, np.stack([top - down * rng.uniform(0.1, 1.5) * size, top + down * size]), [rng.uniform(1, 7)] * 2
            )
        else:
            add_path(field, np.stack([top, top + 0.5]), [thick * rng.uniform(0.8, 2)] * 2)
        return self._material(size, rng) * shade(field, rng), coverage_of(field)

    def _sheet(self, view: Image, labels: Image, points: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        """Return a sheet, a phone or a book: flat, with four corners."""
        size = view.shape[0]
        box = cv2.boxPoints(
            (
                tuple((points[rng.integers(68)] + rng.normal(0, 0.2 * size, 2)).tolist()),
                tuple(rng.uniform(0.2, 0.8, 2) * size),
                float(rng.uniform(0, 180)),
            )
        )
        cover = np.zeros((size, size), np.float32)
        cv2.fillConvexPoly(cover, np.round((box + rng.normal(0, 3, (4, 2))) * 16).astype(np.int32), 1.0, cv2.LINE_8, 4)
        return self._material(size, rng), cv2.GaussianBlur(cover, (0, 0), 0.6)

    def _material(self, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return (S, S, 3): plain, striped or checked, or a piece of another picture."""
        if rng.random() < 0.4:
            other = self._scrap(rng)
            side = int(rng.integers(16, other.shape[0]))
            top, left = rng.integers(0, other.shape[0] - side + 1, 2)
            piece = cv2.resize(other[top : top + side, left : left + side], (size, size))
            return piece[:, :: rng.choice([-1, 1])][:: rng.choice([-1, 1])].astype(np.float32)
        colour = rng.uniform(5, 250, 3) if rng.random() < 0.6 else np.full(3, rng.uniform(5, 250)) + rng.normal(0, 8, 3)
        cloth = colour.astype(np.float32) * mottling(size, rng, rng.uniform(0.01, 0.15))
        if rng.random() < 0.3:
            second = rng.uniform(5, 250, 3).astype(np.float32)
            x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
            for _ in range(rng.integers(1, 3)):
                turn, pitch = rng.uniform(0, np.pi), rng.uniform(3, 20)
                stripe = np.sin((x * np.cos(turn) + y * np.sin(turn)) * np.float32(2 * np.pi / pitch)) > rng.uniform(
                    -0.8, 0.8
                )
                cloth = np.where(stripe[..., None], cloth, 0.5 * cloth + 0.5 * second).astype(np.float32)
        return cloth

    def _dress(self, colours: NDArray, edge: NDArray, outwards: NDArray, rng: np.random.Generator) -> None:
        """Turn what lies beyond `edge` into a sleeve, in place."""
        x, y = np.meshgrid(*[np.arange(colours.shape[0], dtype=np.float32)] * 2)
        beyond = (x - edge[0]) * outwards[0] + (y - edge[1]) * outwards[1] > 0
        colours[beyond] = self._material(colours.shape[0], rng)[beyond]


def _draw_nails(colours: NDArray, tips: list[NDArray], length: float, rng: np.random.Generator) -> None:
    painted = rng.random() < 0.3
    tint = rng.uniform(20, 250, 3) if painted else None
    for tip in tips:
        x, y = (int(v) for v in np.round(tip))
        if not (0 <= x < colours.shape[1] and 0 <= y < colours.shape[0]):
            continue
        own = colours[y, x] * np.array([1.1, 1.12, 1.15]) + 12
        radius = max(1, round(length * 0.022))
        cv2.ellipse(colours, (x, y), (radius, radius + 1), float(rng.uniform(0, 180)), 0, 360,
                    tuple(float(v) for v in (own if tint is None else tint)), -1, cv2.LINE_AA)  # fmt: skip


def _pasted(
    view: Image, labels: Image, colours: NDArray, cover: NDArray[np.float32], rng: np.random.Generator
) -> tuple[Image, Image]:
    """Return under the thing first its shadow on the face, then the thing itself."""
    under = view.astype(np.float32)
    if rng.random() < 0.7:
        shadow = cv2.GaussianBlur(cover, (0, 0), rng.uniform(1.5, 7))
        shift = np.hstack([np.eye(2), rng.normal(0, 5, (2, 1))])
        shadow = cv2.warpAffine(shadow, shift, cover.shape[::-1])
        under *= 1 - np.float32(rng.uniform(0.1, 0.6)) * shadow[..., None]
    light = np.float32(np.clip(view.mean() / 110, 0.35, 1.4)) if rng.random() < 0.5 else np.float32(1)
    bent = cover if rng.random() < 0.8 else cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.5, 1.5))
    mixed = under + (np.clip(colours * (light if light < 1 else 1), 0, 255) - under) * bent[..., None]
    covered = cover > 0.5
    return np.clip(mixed, 0, 255).astype(np.uint8), np.where(covered, np.uint8(Label.OCCLUDER), labels)
