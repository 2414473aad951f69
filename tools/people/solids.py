"""Simple closed shapes for things before a face: tubes along a path, balls, flat lenses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Solid:
    """`positions`, `normals`, `colours` (linear RGB) (V, 3) float32; `triangles` (T, 3)."""

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]
    colours: NDArray[np.float32]


def tube(path: NDArray, radii: NDArray | float, colour: tuple, sides: int = 10, closed: bool = False) -> Solid:
    """Return a round tube along `path` (n, 3) with a radius at each point; `closed` joins its ends.

    Open ends are rounded off by giving small radii there.
    """
    path = np.asarray(path, float)
    count = len(path)
    after = np.roll(path, -1, 0) if closed else np.vstack([path[1:], 2 * path[-1] - path[-2]])
    before = np.roll(path, 1, 0) if closed else np.vstack([2 * path[0] - path[1], path[:-1]])
    ahead = _unit(after - before)
    first = _unit(np.cross(ahead, np.where(np.abs(ahead[:, 1:2]) < 0.9, [[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])))
    second = np.cross(ahead, first)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    normals = first[:, None] * np.cos(angle)[:, None] + second[:, None] * np.sin(angle)[:, None]
    positions = path[:, None] + normals * np.broadcast_to(radii, count)[:, None, None]
    return _grid(positions, normals, colour, wrap_rows=closed)


def ball(centre: NDArray, radii: NDArray | float, colour: tuple, turn: NDArray | None = None) -> Solid:
    """Return an ellipsoid with the given radii (3,), turned by a (3, 3) rotation."""
    polar = np.linspace(0.02, np.pi - 0.02, 13)[:, None]
    around = np.linspace(0, 2 * np.pi, 18, endpoint=False)[None]
    unit = np.stack([np.sin(polar) * np.cos(around), np.cos(polar) + 0 * around, np.sin(polar) * np.sin(around)], -1)
    radii = np.broadcast_to(radii, 3)
    turn = np.eye(3) if turn is None else turn
    positions = np.asarray(centre) + (unit * radii) @ turn.T
    return _grid(positions, _unit(unit / radii) @ turn.T, colour, wrap_rows=False)


def capsule_path(points: NDArray, radius: float) -> tuple[NDArray, NDArray]:
    """Return a path and its radii for `tube` that end in half-balls: a finger through `points` (n, 3)."""
    points = np.asarray(points, float)
    start, end = _unit(points[:1] - points[1:2])[0], _unit(points[-1:] - points[-2:-1])[0]
    steps = np.array([1.0, 0.92, 0.7, 0.4])
    heads = points[0] + start * (steps * radius)[:, None]
    tails = points[-1] + end * (steps[::-1] * radius)[:, None]
    around = np.sqrt(1 - steps**2) + 0.02
    radii = np.concatenate([around, np.ones(len(points)), around[::-1]]) * radius
    return np.vstack([heads, points, tails]), radii


def lens(outline: NDArray, centre: NDArray, colour: tuple) -> Solid:
    """Return a flat disc inside a closed `outline` (n, 3)."""
    outline = np.asarray(outline, float)
    positions = np.vstack([outline, np.asarray(centre)[None]])
    count = len(outline)
    index = np.arange(count)
    triangles = np.stack([index, (index + 1) % count, np.full(count, count)], 1)
    normal = _unit(np.cross(outline[1] - centre, outline[0] - centre)[None])[0]
    normal = normal * np.sign(normal[2])
    shape = (count + 1, 3)
    return Solid(
        positions.astype(np.float32),
        np.broadcast_to(normal, shape).astype(np.float32),
        triangles.astype(np.int32),
        np.broadcast_to(np.asarray(colour), shape).astype(np.float32),
    )


def join(solids: list[Solid]) -> Solid:
    """Return all solids as one."""
    offsets = np.cumsum([0] + [len(solid.positions) for solid in solids[:-1]])
    triangles = [solid.triangles + offset for solid, offset in zip(solids, offsets, strict=True)]
    return Solid(
        np.concatenate([solid.positions for solid in solids]),
        np.concatenate([solid.normals for solid in solids]),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate([solid.colours for solid in solids]),
    )


def _grid(positions: NDArray, normals: NDArray, colour: tuple, wrap_rows: bool) -> Solid:
    """Return triangles over a grid (rows, columns, 3) whose columns close round."""
    rows, columns = positions.shape[:2]
    row, column = np.meshgrid(np.arange(rows if wrap_rows else rows - 1), np.arange(columns), indexing="ij")
    below, right = (row + 1) % rows, (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = below * columns + column, below * columns + right
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    count = rows * columns
    return Solid(
        positions.reshape(-1, 3).astype(np.float32),
        normals.reshape(-1, 3).astype(np.float32),
        triangles.astype(np.int32),
        np.broadcast_to(np.asarray(colour), (count, 3)).astype(np.float32),
    )


def _unit(vectors: NDArray) -> NDArray:
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-12)
