"""Hands, fists, fingers and arms as height fields, in any pose that one sees before a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.train_eyes.relief import Field, add_blob, add_path

# of the hand's length, from the wrist to the tip of the middle finger
FINGER_LENGTHS = np.array([0.40, 0.45, 0.42, 0.33])  # index to little finger
KNUCKLES = np.array([[-0.165, 0.55], [-0.055, 0.58], [0.055, 0.56], [0.155, 0.51]])
FINGER_RADIUS = 0.048
POSES = ("open", "flat", "fist", "point", "relaxed", "pinch")


def add_hand(field: Field, centre: NDArray, length_px: float, rng: np.random.Generator) -> list[NDArray]:
    """Return a left or right hand about `centre` (2,), with its forearm.

    Returns the finger tips that show, (2,) each.
    """
    pose = str(rng.choice(POSES, p=[0.24, 0.2, 0.18, 0.14, 0.16, 0.08]))
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.4 else rng.normal(np.pi, 0.7)  # mostly from below
    squeeze = rng.uniform(0.45, 1) if rng.random() < 0.35 else 1.0  # seen from the side
    side = rng.choice([-1.0, 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([side * squeeze, 1])

    def place(points: NDArray) -> NDArray:
        return centre + (np.asarray(points) - [0, 0.5]) @ turn.T * length_px

    thick = length_px * FINGER_RADIUS * rng.uniform(0.85, 1.25)
    palm = np.array(
        [[-0.20, 0.18], [-0.22, 0.50], [-0.1, 0.62], [0.1, 0.60], [0.20, 0.5], [0.18, 0.15], [0.1, 0.0], [-0.11, 0.0]]
    )
    add_blob(field, place(palm + rng.normal(0, 0.012, palm.shape)), 1.5 * thick)
    wrist = rng.uniform(0.085, 0.12) * length_px * (squeeze + 1) / 2
    arm = np.array([[0, 0.12], [rng.normal(0, 0.03), -0.25], [rng.normal(0, 0.15), -1.6]])
    add_path(field, place(arm), [wrist, wrist * 1.05, wrist * rng.uniform(1.2, 1.8)], flatness=0.8)
    tips = _add_fingers(field, place, pose, thick, rng)
    if pose in ("fist", "point", "pinch"):
        thumb = [[-0.16, 0.22], [-0.20, 0.42], [-0.02, 0.52 + rng.uniform(-0.05, 0.05)]]
    else:
        away = rng.uniform(0.0, 0.2)
        thumb = [[-0.13, 0.15], [-0.22 - away / 2, 0.32], [-0.25 - away, 0.52]]
    add_path(field, place(np.array(thumb)), [1.45 * thick, 1.2 * thick, 0.95 * thick], lift=0.6 * thick)
    return [*tips, place(np.array(thumb[-1:]))[0]]


def _add_fingers(field: Field, place, pose: str, thick: float, rng: np.random.Generator) -> list[NDArray]:
    spread = rng.uniform(0.06, 0.30) if pose == "open" else rng.uniform(0.0, 0.05)
    pointing = int(rng.integers(1, 4)) if pose == "point" else 0
    tips = []
    for number, (knuckle, length) in enumerate(zip(KNUCKLES, FINGER_LENGTHS, strict=True)):
        lean = (number - 1.5) * spread + rng.normal(0, 0.025)
        if pose == "fist" or (pose == "point" and number >= pointing):
            add_path(field, place(knuckle + [[0, -0.02], [0, 0.06]]), [1.15 * thick] * 2, lift=1.2 * thick)
            add_path(field, place(knuckle + [[0, 0.03], [0.01, -0.14]]), [1.1 * thick] * 2, lift=1.5 * thick)
            continue
        if pose == "relaxed":
            length = length * rng.uniform(0.55, 0.9)
            lean += rng.normal(0, 0.08)
        if pose == "pinch" and number == 0:
            lean, length = lean - 0.5, length * 0.75
        bend = rng.normal(0, 0.10)
        joints, at, heading = [knuckle - [0, 0.12], knuckle], knuckle, lean
        for share in (0.45, 0.30, 0.25):
            at = at + length * share * np.array([np.sin(heading), np.cos(heading)])
            heading += bend
            joints.append(at)
        path = place(np.array(joints))
        add_path(
            field, path, [thick * share for share in (1.1, 1.12, 1.02, 0.94, 0.80)], lift=0.25 * thick * (number % 2)
        )
        tips.append(path[-1])
    return tips


def add_arm(field: Field, size_px: int, rng: np.random.Generator) -> None:
    """A bare arm across the view, bent or not."""
    start, end = rng.uniform(-0.2, 1.2, (2, 2)) * size_px
    angle = rng.uniform(0, 2 * np.pi)
    edge = size_px / 2 + size_px * np.array([np.cos(angle), np.sin(angle)])
    width = rng.uniform(0.09, 0.22) * size_px
    middle = (start + end) / 2 if rng.random() < 0.5 else rng.uniform(0.1, 0.9, 2) * size_px
    add_path(field, np.stack([start, middle, edge]), [width, width * rng.uniform(0.8, 1.2), width], flatness=0.9)
