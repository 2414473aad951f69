"""Rotations of the head and eyes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rotation(yaw: float, pitch: float, roll: float = 0.0) -> NDArray[np.float64]:
    """Return the (3, 3) matrix Ry(yaw) Rx(pitch) Rz(roll), angles in degrees.

    Yaw + turns the nose to the picture's right, pitch + looks down, roll + tilts the head's top to the picture's left.
    """
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def axis_and_angle(matrix: NDArray) -> tuple[NDArray[np.float32], float]:
    """Return the unit axis (3,) and the angle in radians, below pi, of a rotation matrix."""
    skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]]) / 2
    sine = float(np.linalg.norm(skew))
    angle = float(np.arctan2(sine, (np.trace(matrix) - 1) / 2))
    axis = skew / sine if sine > 1e-9 else np.array([0.0, 1.0, 0.0])
    return axis.astype(np.float32), angle


def turn(
    points: NDArray[np.float32], shares: NDArray[np.float32], matrix: NDArray, pivot: NDArray
) -> NDArray[np.float32]:
    """Return `points` (n, 3) turned about `pivot`, each by its own share (n,) of the rotation's angle (Rodrigues)."""
    axis, angle = axis_and_angle(matrix)
    if angle < 1e-6:
        return points
    arm = points - pivot.astype(np.float32)
    cosine = np.cos(shares * np.float32(angle))[:, None]
    sine = np.sin(shares * np.float32(angle))[:, None]
    across = np.empty_like(arm)
    across[:, 0] = axis[1] * arm[:, 2] - axis[2] * arm[:, 1]
    across[:, 1] = axis[2] * arm[:, 0] - axis[0] * arm[:, 2]
    across[:, 2] = axis[0] * arm[:, 1] - axis[1] * arm[:, 0]
    along = (arm @ axis)[:, None] * axis * (1 - cosine)
    return (arm * cosine + across * sine + along + pivot).astype(np.float32)
