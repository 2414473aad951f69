"""A Person made flesh: identity geometry, skin painted on its vertices, and the exact swap of a face onto a head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.expression import targets_of
from tools.people.head import Head, macro_targets
from tools.people.landmarks import INNER, VERTICES_68
from tools.people.person import Person
from tools.people.regions import Regions
from tools.people.seeds import stream

BLOOD = np.array([0.05, 0.55, 0.45])  # how much of red, green and blue a flush of blood takes away


@dataclass(frozen=True, eq=False)
class Shape:
    """One person's share in a figure.

    `base` (V, 3) neutral base vertices, `share` (V,) or 1, similarity `scale` * x @ `turn`.T + `shift` that carries the
    shape onto the figure.
    """

    base: NDArray[np.float32]
    ancestry: Mapping[str, float]
    share: NDArray[np.float32] | float = 1.0
    scale: float = 1.0
    turn: NDArray | None = None
    shift: NDArray | None = None


@dataclass(frozen=True, eq=False)
class Figure:
    """What the renderer draws.

    `face` gives skin, eyes, brows and beard; `owner` hair, neck and all else: one and the same person unless swapped.
    `colours` (body vertices, 3) linear albedo; `face_share` (body vertices,) of `face`.
    """

    face: Person
    owner: Person
    shapes: tuple[Shape, ...]
    colours: NDArray[np.float32]
    face_share: NDArray[np.float32]
    moles: NDArray[np.float32]

    def express(self, head: Head, expression: Mapping[str, float]) -> NDArray[np.float32]:
        """Return base vertices (V, 3) with an expression, head unturned."""
        total: NDArray[np.float32] | None = None
        for shape in self.shapes:
            vertices = shape.base.copy()
            head.apply(vertices, targets_of(expression, shape.ancestry))
            if shape.turn is not None:
                vertices = (shape.scale * vertices @ shape.turn.T + shape.shift).astype(np.float32)
            if isinstance(shape.share, np.ndarray):
                vertices *= shape.share[:, None]
            total = vertices if total is None else total + vertices
        assert total is not None
        return total


def build_figure(person: Person, head: Head, regions: Regions) -> Figure:
    """Return the person's own head and skin."""
    base = head.shape(identity_targets(person, head))
    colours = paint_skin(person, regions, len(head.canonical))
    whole = np.ones(len(head.canonical), np.float32)
    return Figure(person, person, (Shape(base, person.ancestry),), colours, whole, place_moles(person, head, regions))


def build_swapped(face: Person, owner: Person, head: Head, regions: Regions) -> Figure:
    """Return the true swap: `face`'s face, from brow to chin, on `owner`'s head.

    The face is fitted onto the owner's by a similarity over landmarks 17 to 67, as an aligned crop would be, and
    fades into the owner's head before the ears, under the chin and below the hairline. Outside, the picture is the
    owner's.
    """
    guest, host = build_figure(face, head, regions), build_figure(owner, head, regions)
    guest_base, host_base = guest.shapes[0].base, host.shapes[0].base
    inner = VERTICES_68[INNER]
    scale, turn, shift = similarity_3d(guest_base[inner], host_base[inner])
    share = face_share(head.canonical_base)
    shapes = (
        Shape(guest_base, face.ancestry, share, scale, turn, shift),
        Shape(host_base, owner.ancestry, 1 - share),
    )
    on_body = face_share(head.canonical)
    colours = guest.colours * on_body[:, None] + host.colours * (1 - on_body[:, None])
    return Figure(face, owner, shapes, colours, on_body, guest.moles)


def identity_targets(person: Person, head: Head) -> dict[str, float]:
    """Return morph target weights of a person's neutral face."""
    weights = macro_targets(person.gender, person.age, person.ancestry, person.weight, person.muscle)
    for modifier in head.modifiers:
        value = person.slider(modifier.positive)
        if value > 0:
            weights[modifier.positive] = value * (1.0 if modifier.negative else 0.6)
        elif modifier.negative:
            weights[modifier.negative] = -value
    for name, value in person.sliders.items():
        weights[name] = weights.get(name, 0.0) + value
    return weights


def paint_skin(person: Person, regions: Regions, count: int) -> NDArray[np.float32]:
    """Return albedo of the body's vertices (count, 3): tone, blood, shadows round the eyes, the mouth's inside."""
    skin = person.skin
    colours = np.tile(np.array(skin.tone), (count, 1))
    colours *= np.exp(-1.6 * skin.ruddiness * regions.blush[:, None] * BLOOD)
    colours *= 1 - skin.under_eyes * regions.under_eyes[:, None] * [0.18, 0.24, 0.18]
    colours *= 1 - regions.upper_lids[:, None] * [0.05, 0.12, 0.10]
    makeup = stream(person.seed, "makeup").uniform(0.2, 0.9, 3)
    colours *= 1 - skin.eye_shadow * regions.upper_lids[:, None] * (1 - makeup) * 0.8
    colours *= 1 - min(skin.wrinkles, 1) * regions.folds[:, None] * [0.10, 0.16, 0.14]
    colours[regions.cavity] = (0.18, 0.042, 0.036)
    return colours.astype(np.float32)


def place_moles(person: Person, head: Head, regions: Regions) -> NDArray[np.float32]:
    """Return (moles, 4): canonical place and radius in dm, anywhere on the front of the face but the lips."""
    rng = stream(person.seed, "moles")
    skin = np.flatnonzero((regions.freckly > 0.6) & (regions.lips < 0.1))
    chosen = rng.choice(skin, person.skin.moles, replace=False)
    radii = rng.uniform(0.008, 0.020, len(chosen))
    return np.column_stack([head.canonical[chosen], radii]).astype(np.float32).reshape(-1, 4)


def face_share(canonical: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 1 on the face, 0 on the rest of the head and the body, smooth between; canonical places (n, 3) -> (n,)."""
    x, y, z = canonical.T

    def smooth(value: NDArray, low: float, high: float) -> NDArray:
        t = np.clip((value - low) / (high - low), 0, 1)
        return t * t * (3 - 2 * t)

    front = smooth(z + 0.25 * np.clip(6.5 - y, 0, 1), 0.62, 0.98)
    below_hairline = smooth(-y, -7.92, -7.66)
    above_neck = smooth(y + 0.55 * np.clip(z - 1.0, -1, 0.4), 5.98, 6.22)
    return (front * below_hairline * above_neck * smooth(-np.abs(x), -0.72, -0.56)).astype(np.float32)


def similarity_3d(from_points: NDArray, to_points: NDArray) -> tuple[float, NDArray, NDArray]:
    """Scale, rotation (3, 3) and shift (3,) that map (n, 3) points best in least squares (Umeyama 1991)."""
    source, target = np.asarray(from_points, float), np.asarray(to_points, float)
    source_mean, target_mean = source.mean(0), target.mean(0)
    left, stretch, right = np.linalg.svd((target - target_mean).T @ (source - source_mean))
    flip = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    turn = left @ flip @ right
    scale = float((stretch * np.diag(flip)).sum() / ((source - source_mean) ** 2).sum())
    return scale, turn, target_mean - scale * turn @ source_mean
