"""Brings one picture of a face onto the points of another, smoothly: a thin-plate spline (Bookstein 1989)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 33  # places to a side where the spline is worked out; between them it is as good as straight
STIFFNESS = 2e-3  # of the plate: points that err by a pixel bend it little
HELD = 4  # points to a side of the border that stay where the similarity puts them


def warped_onto(
    pictures: list[NDArray[np.uint8]], points: list[NDArray[Any]], onto: NDArray[Any], size_px: int
) -> NDArray[np.uint8]:
    """Return views (n, S, S, 3) uint8 in which the points (68, 2) of each square picture lie `onto` (68, 2).

    `points` and `onto` are pixels of their own picture and of the result. The plates of all share one solution: they
    are bent from the same places.
    """
    shares = [place_in_shares(place, len(picture)) for place, picture in zip(points, pictures, strict=True)]
    maps = plate_maps(np.stack(shares), onto, size_px)
    views = np.empty((len(pictures), size_px, size_px, 3), np.uint8)
    for view, picture, places in zip(views, pictures, maps, strict=True):
        wanted = (places * np.float32(len(picture)) - np.float32(0.5)).astype(np.float32)
        fine = cv2.resize(wanted, (size_px, size_px), interpolation=cv2.INTER_LINEAR)
        cv2.remap(picture, fine, None, cv2.INTER_CUBIC, view, cv2.BORDER_REPLICATE)
    return views


def place_in_shares(points: NDArray[Any], size_px: int) -> NDArray[np.float64]:
    """Return pixels -> shares of a picture's side."""
    return (np.asarray(points, np.float64) + 0.5) / size_px


def plate_maps(points: NDArray[Any], onto: NDArray[Any], size_px: int) -> NDArray[np.float32]:
    """Return (n, GRID, GRID, 2): where each place of a view comes from in each picture, in shares of its side.

    `points` (n, 68, 2) in shares; `onto` (68, 2) in pixels of the view. The grid's places are the middles of GRID x
    GRID equal parts of the view, as cv2.resize takes them.
    """
    target = place_in_shares(onto, size_px)
    kernel, affine = _bending(target, target), np.column_stack([np.ones(len(target)), target])
    system = np.zeros((len(target) + 3,) * 2)
    system[: len(target), : len(target)] = kernel + STIFFNESS * np.eye(len(target))
    system[: len(target), len(target) :], system[len(target) :, : len(target)] = affine, affine.T
    system[len(target) :, len(target) :] = -1e-9 * np.eye(3)  # points on one line leave a plate free to turn
    wanted = np.concatenate([*points], axis=1)  # (68, 2 n)
    solution = np.linalg.solve(system, np.vstack([wanted, np.zeros((3, wanted.shape[1]))]))
    middle = (np.arange(GRID) + 0.5) / GRID
    places = np.stack(np.meshgrid(middle, middle), -1).reshape(-1, 2)
    basis = np.column_stack([_bending(places, target), np.ones(len(places)), places])
    found = (basis @ solution).reshape(GRID, GRID, len(points), 2)
    return np.ascontiguousarray(found.transpose(2, 0, 1, 3), np.float32)


def _bending(places: NDArray[Any], centres: NDArray[Any]) -> NDArray[np.float64]:
    """Return (n, m) r^2 log r of the distances: how a plate bends that is pushed at a point."""
    squares = ((places[:, None] - centres[None]) ** 2).sum(2)
    return 0.5 * squares * np.log(np.maximum(squares, 1e-12))
