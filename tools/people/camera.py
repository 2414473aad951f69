"""The camera: where it stands, how world points land in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.rotation import rotation

HEAD_CENTRE = np.array([0.0, 7.15, 0.75])  # of the average head, at rest


@dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks at the head from a distance which makes the picture `extent_dm` high from its middle.

    Angles in degrees: `yaw` + moves the camera to the head's left, `pitch` - up. `shift` moves the head's centre in the
    picture (dm, right and up). `follows_head` keeps a turning head in the middle, as one who holds a camera would.
    """

    field_of_view: float = 22.0
    extent_dm: float = 1.32
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    follows_head: bool = False

    def __post_init__(self) -> None:
        if not 5 <= self.field_of_view <= 80:
            raise ValueError(f"Camera.field_of_view must be 5 to 80 degrees, not {self.field_of_view}")
        if not 0.5 <= self.extent_dm <= 6:
            raise ValueError(f"Camera.extent_dm must be 0.5 to 6, not {self.extent_dm}")


@dataclass(frozen=True, eq=False)
class View:
    """A camera set up for one head: `position` (3,) in world dm, `matrix` (4, 4) world -> clip space, `centre` (3,)."""

    position: NDArray[np.float64]
    matrix: NDArray[np.float64]
    centre: NDArray[np.float64]

    def to_samples(self, points: NDArray, size: int) -> NDArray[np.float32]:
        """Return world points (n, 3) -> (n, 3).

        X, y in samples of a size x size picture (edges at 0 and size), and depth in [-1, 1].
        """
        clip = points @ self.matrix[:, :3].T.astype(points.dtype) + self.matrix[:, 3].astype(points.dtype)
        screen = np.empty((len(points), 3), np.float32)
        screen[:, 0] = (clip[:, 0] / clip[:, 3] * 0.5 + 0.5) * size
        screen[:, 1] = (0.5 - clip[:, 1] / clip[:, 3] * 0.5) * size
        screen[:, 2] = clip[:, 2] / clip[:, 3]
        return screen

    def to_pixels(self, points: NDArray, size_px: int) -> NDArray[np.float32]:
        """Return world points (n, 3) -> (n, 2) pixels, the centre of the top-left pixel at (0, 0)."""
        return self.to_samples(np.asarray(points, np.float64), size_px)[:, :2] - np.float32(0.5)

    def distance_dm(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return distance along the view from depth in [-1, 1] (see `to_samples`)."""
        near, far = self._near_far()
        return (2 * far * near / (far + near - depth * (far - near))).astype(np.float32)

    def depth_step(self, distance_dm: float) -> np.float32:
        """Return the change of depth (see `to_samples`) that a step of distance_dm makes at the head's distance."""
        near, far = self._near_far()
        distance = float(np.linalg.norm(self.position - self.centre))
        return np.float32(2 * far * near / (far - near) / distance**2 * distance_dm)

    def _near_far(self) -> tuple[float, float]:
        distance = float(np.linalg.norm(self.position - self.centre))
        return max(0.3, distance - 3.5), distance + 5.0


def view_of(camera: Camera, pivot: NDArray, turn: NDArray) -> View:
    """Set the camera up in front of a head that is turned by `turn` (3, 3) about `pivot` (3,)."""
    distance = camera.extent_dm / np.tan(np.radians(camera.field_of_view) / 2)
    around = rotation(camera.yaw, camera.pitch)
    arm = HEAD_CENTRE - np.array([0, 6.43, 0.1])
    centre = pivot + (turn @ arm if camera.follows_head else arm)
    centre = centre + around @ np.array([-camera.shift[0], -camera.shift[1], 0])
    position = centre + around @ np.array([0, 0, distance])
    up = around @ np.array([np.sin(np.radians(camera.roll)), np.cos(np.radians(camera.roll)), 0])
    world_to_eye = look_at(position, centre, up)
    near, far = max(0.3, distance - 3.5), distance + 5.0
    projection = perspective(camera.field_of_view, near, far)
    return View(position, projection @ world_to_eye, centre)


def look_at(position: NDArray, target: NDArray, up: NDArray) -> NDArray[np.float64]:
    """Return world -> eye (4, 4); the eye looks along -z."""
    z = (position - target) / np.linalg.norm(position - target)
    x = np.cross(up, z)
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([x, np.cross(z, x), z])
    matrix[:3, 3] = -matrix[:3, :3] @ position
    return matrix


def perspective(field_of_view: float, near: float, far: float) -> NDArray[np.float64]:
    """Return eye -> clip space (4, 4) of a square picture."""
    scale = 1 / np.tan(np.radians(field_of_view) / 2)
    return np.array(
        [
            [scale, 0, 0, 0],
            [0, scale, 0, 0],
            [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)],
            [0, 0, -1, 0],
        ]
    )


def orthographic(radius: float, near: float, far: float) -> NDArray[np.float64]:
    """Return eye -> clip space (4, 4) of a box `radius` to each side: how a lamp sees the head."""
    return np.diag([1 / radius, 1 / radius, -2 / (far - near), 1.0]) + np.array(
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, -(far + near) / (far - near)], [0, 0, 0, 0]]
    )
