"""Things before a face: glasses, hands, microphones. All made here, of tubes and balls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.appearance import skin_tone
from tools.people.rotation import rotation
from tools.people.solids import Solid, ball, capsule_path, join, lens, tube

KINDS = ("glasses", "sunglasses", "hand", "microphone")
GLASSES_SHARE = 0.6  # of all occluders


@dataclass(frozen=True)
class Occluder:
    """`kind` is one of KINDS; its shape, colour and place follow from `seed` and the face's landmarks."""

    kind: str
    seed: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"an occluder is one of {', '.join(KINDS)}, not {self.kind!r}")

    def build(self, landmarks: NDArray[np.float32], eyes: NDArray[np.float32]) -> Solid:
        """Return the thing before an unturned head with these 68 landmarks (68, 3) and eye centres (2, 3), in dm."""
        rng = np.random.default_rng(self.seed)
        if self.kind == "hand":
            return _hand(rng, landmarks)
        if self.kind == "microphone":
            return _microphone(rng, landmarks)
        return _glasses(rng, landmarks, eyes, dark=self.kind == "sunglasses")


def random_occluders(rng: np.random.Generator, share: float) -> tuple[Occluder, ...]:
    """Return none mostly; in a `share` of the cases one thing, glasses more often than the others."""
    if rng.random() >= share:
        return ()
    rest = (1 - GLASSES_SHARE) / 3
    kind = str(rng.choice(KINDS, p=[GLASSES_SHARE - 0.1, 0.1 + rest / 2, rest * 1.5, rest]))
    return (Occluder(kind, int(rng.integers(2**31))),)


def _glasses(rng: np.random.Generator, landmarks: NDArray, eyes: NDArray, dark: bool) -> Solid:
    width, height = rng.uniform(0.235, 0.275), rng.uniform(0.155, 0.225)
    squareness = rng.uniform(2, 4.5)  # exponent of the rim's superellipse: 2 round, more is squarer
    thickness = rng.uniform(0.010, 0.030)
    colour = tuple(
        float(c)
        for c in rng.choice([[0.01] * 3, [0.25] * 3, [0.06, 0.03, 0.015], [0.2, 0.13, 0.05], [0.02, 0.03, 0.08]])
    )
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = (np.abs(np.cos(angle)) ** squareness + np.abs(np.sin(angle)) ** squareness) ** (-1 / squareness)
    # the rims must clear the lashes, the brows and the bridge of the nose
    front = max(float(landmarks[17:31, 2].max()), float(eyes[:, 2].max()) + 0.20)
    front = min(front, float(landmarks[27, 2]) + 0.10) + 0.03
    solids = []
    outer_ends, inner_ends = [], []
    for eye in eyes:
        side = float(np.sign(eye[0]))
        x = abs(eye[0]) + width * reach * np.cos(angle) + 0.01
        y = eye[1] + height * reach * np.sin(angle) - 0.015
        z = front - 0.22 * x**2
        rim = np.stack([side * x, y, z], 1)
        solids.append(tube(rim, thickness, colour, sides=8, closed=True))
        if dark:
            tint = tuple(float(c) for c in rng.uniform(0.002, 0.02, 3))
            solids.append(lens(rim, rim.mean(0), tint))
        outer_ends.append(rim[np.argmax(x)])
        inner_ends.append(rim[np.argmin(x)])
    middle = np.mean(inner_ends, 0) + [0, 0.035, 0.015]
    solids.append(tube(np.stack([inner_ends[0], middle, inner_ends[1]]), thickness, colour, sides=8))
    for end, temple in zip(outer_ends, landmarks[[16, 0]] if eyes[0, 0] > 0 else landmarks[[0, 16]], strict=True):
        side = float(np.sign(end[0]))
        along = np.array(
            [end, [side * (abs(temple[0]) + 0.06), end[1] + 0.03, 0.95], [side * (abs(temple[0]) + 0.09), end[1], 0.45]]
        )
        solids.append(tube(along, thickness * 0.9, colour, sides=8))
    return join(solids)


def _hand(rng: np.random.Generator, landmarks: NDArray) -> Solid:
    """Return four fingers, a thumb and a palm laid on the chin, a cheek, the mouth or before an eye."""
    place = landmarks[int(rng.choice([8, 3, 13, 57, 48, 54, 33]))] * [0.9, 1, 1] + [0, rng.uniform(-0.1, 0.1), 0]
    lift = float(landmarks[30, 2]) - place[2] if rng.random() < 0.3 else 0.0
    place = place + [0, 0, 0.10 + lift * 0.8]
    tone = tuple(skin_tone(float(rng.uniform(0, 7.9))) * rng.uniform(0.85, 1.0))
    # fingers point up and to a side; the hand comes from below
    lean = float(rng.uniform(-50, 50))
    turn = rotation(float(rng.uniform(-20, 20)), float(rng.uniform(-25, 15))) @ rotation(0, 0, lean)
    side = rng.choice([-1.0, 1.0])
    lengths = np.array([0.62, 0.70, 0.66, 0.52]) * rng.uniform(0.9, 1.1)
    spread, bend = rng.uniform(0.0, 0.12), rng.uniform(0.02, 0.25)
    solids = []
    for number, length in enumerate(lengths):
        base_x = side * (number - 1.5) * 0.185
        share = np.linspace(0, 1, 6)
        path = np.stack([base_x + side * (number - 1.5) * spread * share, length * share, -bend * share**2], 1)
        points, radii = capsule_path(path, 0.088 - 0.008 * (number == 3))
        solids.append(tube(points @ turn.T + place, radii, tone))
    thumb = np.array([[-side * 0.30, -0.35, 0.0], [-side * 0.46, -0.08, 0.02], [-side * 0.52, 0.16, 0.0]])
    points, radii = capsule_path(thumb, 0.098)
    solids.append(tube(points @ turn.T + place, radii, tone))
    solids.append(ball(turn @ np.array([0, -0.38, 0.03]) + place, np.array([0.40, 0.46, 0.16]), tone, turn))
    wrist = np.array([[0, -0.6, 0.02], [0, -1.2, 0.0], [0, -2.2, -0.05]])
    solids.append(tube(wrist @ turn.T + place, np.array([0.25, 0.27, 0.34]), tone, sides=14))
    return join(solids)


def _microphone(rng: np.random.Generator, landmarks: NDArray) -> Solid:
    mouth = landmarks[[51, 57]].mean(0)
    head = mouth + [rng.uniform(-0.35, 0.35), rng.uniform(-0.5, -0.2), rng.uniform(0.35, 0.7)]
    mesh = tuple(np.full(3, rng.uniform(0.02, 0.25)))
    handle = tuple(np.full(3, rng.uniform(0.008, 0.05)))
    down = rotation(0, 0, float(rng.uniform(-35, 35))) @ np.array([0, -1.0, 0.35])
    radius = rng.uniform(0.2, 0.28)
    path = np.stack([head + down * radius * 0.7, head + down * 0.9, head + down * 2.2])
    return join([ball(head, radius, mesh), tube(path, np.array([radius * 0.72, 0.13, 0.11]), handle, sides=14)])
