"""Input windows of the landmark network: upright squares, a little larger than the face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faceswap.core.geometry import head_pose

MARGIN = 1.3  # side of the window in longer sides of the points' box


def window(centre: NDArray, side_px: float, roll_degrees: float, resolution_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) map from frame pixels to a window of `resolution_px`, turned upright about `centre`."""
    scale = resolution_px / max(float(side_px), 1e-3)
    angle = np.radians(roll_degrees)
    linear = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = (resolution_px - 1) / 2
    return np.hstack([linear, (middle - linear @ np.asarray(centre, np.float64))[:, None]])


def window_of_box(box: NDArray, roll_degrees: float, resolution_px: int) -> NDArray[np.float64]:
    """Return the first window of a face.

    Around a detector's box (4,) x0, y0, x1, y1; `roll_degrees` clockwise, as in `geometry.Pose`.

    The box of a face turned by 45 degrees is larger than the face: its upright box is what the window is built on.
    """
    x0, y0, x1, y1 = (float(edge) for edge in box[:4])
    angle = np.radians(roll_degrees)
    widening = 1 + 0.07 * abs(np.sin(2 * angle))  # of the 68 points of a frontal face, about
    side = max(x1 - x0, y1 - y0) / widening
    return window(np.array([x0 + x1, y0 + y1]) / 2, MARGIN * side, roll_degrees, resolution_px)


def window_of_points(points: NDArray, resolution_px: int) -> NDArray[np.float64]:
    """Return a refined window, or that of the next frame: around points (68, 2) in the frame, the head upright."""
    points = np.asarray(points, np.float64)
    roll = head_pose(points).roll
    angle = np.radians(roll)
    upright = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = points @ upright.T
    low, high = turned.min(0), turned.max(0)
    return window(upright.T @ ((low + high) / 2), MARGIN * (high - low).max(), roll, resolution_px)
