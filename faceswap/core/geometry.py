"""Geometry of faces: similarity fits, the aligned crop, the part of it a model sees, head pose.

All matrices are 2x3 affines that act on column points (x, y, 1) in OpenCV's pixel convention (see `values`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.landmarks import INNER, MEAN_FACE
from faceswap.core.values import AlignedFace, Face, Frame

# Width of the stored crop in units of MEAN_FACE: the whole head with room for the training's shifts and zooms.
CROP_WIDTH_UNITS = 2.25


def similarity(from_points: NDArray, to_points: NDArray) -> NDArray[np.float64]:
    """Return the (2, 3) rotation + uniform scale + shift that maps (N, 2) points best in least squares (Umeyama 1991).

    Raises:
        ValueError: The points coincide.
    """
    source = np.asarray(from_points, np.float64)
    target = np.asarray(to_points, np.float64)
    source_mean, target_mean = source.mean(0), target.mean(0)
    centred, wanted = source - source_mean, target - target_mean
    variance = (centred**2).sum()
    if variance < 1e-9:
        raise ValueError("similarity needs points that do not all coincide")
    # In the plane the optimum has a closed form: a = <p, q>, b = <p rotated by 90 degrees, q>, without reflection.
    a = (centred * wanted).sum() / variance
    b = (centred[:, 0] * wanted[:, 1] - centred[:, 1] * wanted[:, 0]).sum() / variance
    linear = np.array([[a, -b], [b, a]])
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])


def transform_points(matrix: NDArray, points: NDArray) -> NDArray[np.float32]:
    """Return `points` (N, 2) mapped by a (2, 3) affine."""
    return (np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def invert(matrix: NDArray) -> NDArray[np.float64]:
    """Return the (2, 3) affine that undoes `matrix`."""
    linear = np.linalg.inv(np.asarray(matrix, np.float64)[:, :2])
    return np.hstack([linear, -linear @ np.asarray(matrix, np.float64)[:, 2:]])


def compose(outer: NDArray, inner: NDArray) -> NDArray[np.float64]:
    """Return the (2, 3) affine that applies `inner` first, then `outer`."""
    return np.hstack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2:] + outer[:, 2:]])


def scale_of(matrix: NDArray) -> float:
    """Return how much longer a line gets: the square root of the area factor of a (2, 3) affine."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def mean_face_in_crop(size_px: int) -> NDArray[np.float32]:
    """Return the mean face's 68 points (68, 2) in a crop of size_px."""
    return ((MEAN_FACE[:, :2] / CROP_WIDTH_UNITS + 0.5) * size_px - 0.5).astype(np.float32)


def frame_to_crop_for(points: NDArray, size_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that aligns a face upright in a crop of size_px, fitted to its inner 51 points."""
    return similarity(np.asarray(points)[INNER], mean_face_in_crop(size_px)[INNER])


def align(frame: Frame, face: Face, size_px: int) -> AlignedFace:
    """Return the upright crop of a face, size_px wide; beyond the frame its border is repeated, see `warp_crop`."""
    frame_to_crop = frame_to_crop_for(face.points, size_px)
    image = warp_crop(frame.image, frame_to_crop, size_px, repeat_border=True)
    return AlignedFace(image, transform_points(frame_to_crop, face.points), frame_to_crop)


def warp_crop(
    image: NDArray[np.uint8], frame_to_crop: NDArray, size_px: int, *, repeat_border: bool = False
) -> NDArray[np.uint8]:
    """Return the (size_px, size_px, 3) crop of an (H, W, 3) picture under `frame_to_crop`.

    Antialiased where it shrinks.

    Beyond the picture it is black, as networks that find faces expect it, or repeats the border: a model that is to
    draw faces would learn to draw black wedges too.
    """
    border = cv2.BORDER_REPLICATE if repeat_border else cv2.BORDER_CONSTANT
    scale = scale_of(frame_to_crop)
    if scale >= 0.6:
        return cv2.warpAffine(image, frame_to_crop, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=border)
    # Bilinear sampling of a picture more than 1.6 x too large aliases: average the face's region down first.
    left, top, right, bottom = _region(image.shape, frame_to_crop, size_px)
    if right - left < 1 or bottom - top < 1:
        return np.zeros((size_px, size_px, 3), np.uint8)
    region = image[top:bottom, left:right]
    small_size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    small = cv2.resize(region, small_size, interpolation=cv2.INTER_AREA)
    step_x, step_y = small_size[0] / (right - left), small_size[1] / (bottom - top)
    small_to_frame = np.array(
        [[1 / step_x, 0, 0.5 / step_x - 0.5 + left], [0, 1 / step_y, 0.5 / step_y - 0.5 + top]], np.float64
    )
    matrix = compose(frame_to_crop, small_to_frame)
    return cv2.warpAffine(small, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=border)


def crop_corners(frame_to_crop: NDArray, size_px: int) -> NDArray[np.float32]:
    """Return the crop's four outer corners (4, 2) in frame pixels."""
    low, high = -0.5, size_px - 0.5
    corners = np.array([[low, low], [high, low], [high, high], [low, high]])
    return transform_points(invert(frame_to_crop), corners)


def resizing(from_px: int, to_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) affine of resizing a square picture, pixel centres to pixel centres."""
    return view_of_crop(from_px, 1.0, to_px)


def view_of_crop(crop_size_px: int, coverage: float, resolution_px: int) -> NDArray[np.float64]:
    """Return the (2, 3) affine from crop pixels to model pixels.

    The crop's central `coverage` part, `resolution_px` wide.
    """
    scale = resolution_px / (crop_size_px * coverage)
    shift = (resolution_px - 1) / 2 - scale * (crop_size_px - 1) / 2
    return np.array([[scale, 0, shift], [0, scale, shift]], np.float64)


def face_size(points: NDArray) -> float:
    """Return the root of width x height of the points' box, px."""
    return float(np.sqrt(np.prod(np.ptp(points, axis=0))))


def landmark_error_percent(read: NDArray, truth: NDArray, size_px: float) -> float:
    """Return mean distance of the inner 51 points of two readings (68, 2), in % of the face's size."""
    return float(100 * np.linalg.norm(read[INNER] - truth[INNER], axis=1).mean() / size_px)


@dataclass(frozen=True)
class Pose:
    """Head angles in degrees: yaw + = nose to the picture's left, pitch - = looks up, roll + = clockwise."""

    yaw: float
    pitch: float
    roll: float


def head_pose(points: NDArray) -> Pose:
    """Return the pose of a face from its 68 points (68, 2).

    A scaled-orthographic fit of the mean head (no camera needed).
    """
    model = MEAN_FACE[INNER] - MEAN_FACE[INNER].mean(0)
    seen = np.asarray(points, np.float64)[INNER]
    projection, *_ = np.linalg.lstsq(model, seen - seen.mean(0), rcond=None)
    left, _, right = np.linalg.svd(projection.T, full_matrices=False)
    x_axis, y_axis = left @ right  # the nearest pair of orthonormal rows
    z_axis = np.cross(x_axis, y_axis)
    # rotation = Rz(roll) Rx(pitch) Ry(yaw), so roll is taken off first and a rolled head keeps its yaw
    yaw = np.arctan2(-z_axis[0], z_axis[2])
    pitch = np.arctan2(z_axis[1], np.hypot(z_axis[0], z_axis[2]))
    roll = np.arctan2(-x_axis[1], y_axis[1])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def _region(shape: tuple[int, ...], frame_to_crop: NDArray, size_px: int) -> tuple[int, int, int, int]:
    """Return the crop's bounding box in the frame with a small margin: left, top, right, bottom, cut to the picture."""
    corners = crop_corners(frame_to_crop, size_px)
    margin = 2 / scale_of(frame_to_crop)
    left, top = np.floor(corners.min(0) - margin).astype(int)
    right, bottom = np.ceil(corners.max(0) + margin).astype(int) + 1
    return max(0, left), max(0, top), min(shape[1], right), min(shape[0], bottom)
