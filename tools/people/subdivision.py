"""One level of Catmull-Clark subdivision as a sparse matrix, made once and applied to every pose.

E. Catmull and J. Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", 1978. Vertices and
edges of an open border stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray


@dataclass(frozen=True)
class Subdivision:
    """`operator` (new vertices, old vertices) sparse float32; the first rows are the old vertices, smoothed.

    `faces` (C, 4): one new quad for every corner of the old faces, from that corner round by edge, centre, edge;
    `corner_face`, `corner_place` (C,): the old face of the corner and its place in it; `corner_count` (C,): 3 or 4.
    """

    operator: sparse.csr_matrix
    faces: NDArray[np.int64]
    corner_face: NDArray[np.int64]
    corner_place: NDArray[np.int64]
    corner_count: NDArray[np.int64]

    def uvs(self, uvs: NDArray, face_uvs: NDArray) -> NDArray[np.float32]:
        """Return texture coordinates (C, 4, 2) of the new quads' corners, by plain halving."""
        old = uvs[face_uvs]  # F, 4, 2
        face, place, count = self.corner_face, self.corner_place, self.corner_count
        here = old[face, place]
        after, before = old[face, (place + 1) % count], old[face, (place - 1) % count]
        centre = np.where((count == 3)[:, None], old[face, :3].mean(1), old[face].mean(1))
        return np.stack([here, (here + after) / 2, centre, (here + before) / 2], 1).astype(np.float32)


def catmull_clark(faces: NDArray, vertex_count: int) -> Subdivision:
    """Return subdivide quads (F, 4); a triangle repeats its third corner."""
    count = np.where(faces[:, 2] == faces[:, 3], 3, 4)
    corner_face = np.repeat(np.arange(len(faces)), count)
    corner_place = np.concatenate([np.arange(c) for c in count])
    corner_count = count[corner_face]
    here = faces[corner_face, corner_place]
    after = faces[corner_face, (corner_place + 1) % corner_count]

    # edges: each corner owns the one towards the next corner
    edges, edge_of_corner = np.unique(np.sort(np.stack([here, after], 1), 1), axis=0, return_inverse=True)
    edge_of_corner = edge_of_corner.ravel()
    inside = np.bincount(edge_of_corner, minlength=len(edges)) == 2
    on_border = np.zeros(vertex_count, bool)
    on_border[edges[~inside]] = True

    face_points = _matrix(1.0 / corner_count, corner_face, here, (len(faces), vertex_count))
    ends = _matrix(
        np.ones(2 * len(edges)), np.repeat(np.arange(len(edges)), 2), edges.ravel(), (len(edges), vertex_count)
    )
    edge_faces = _matrix(np.ones(len(here)), edge_of_corner, corner_face, (len(edges), len(faces)))
    edge_points = (
        _rows(np.where(inside, 0.25, 0.5)) @ ends + _rows(np.where(inside, 0.25, 0.0)) @ edge_faces @ face_points
    )

    # a smooth vertex of valence n moves to (n - 3) / n itself + 2 / n edge midpoints + 1 / n face points
    valence = np.maximum(np.bincount(edges.ravel(), minlength=vertex_count), 1)
    around = np.maximum(np.bincount(here, minlength=vertex_count), 1)
    smooth = (~on_border).astype(float)
    vertex_faces = _matrix(np.ones(len(here)), here, corner_face, (vertex_count, len(faces)))
    vertex_points = (
        _rows(np.where(on_border, 1.0, (valence - 3) / valence))
        + _rows(smooth / valence**2) @ ends.T @ ends
        + _rows(smooth / (valence * around)) @ vertex_faces @ face_points
    )

    operator = sparse.vstack([vertex_points, edge_points, face_points]).tocsr().astype(np.float32)
    before = edge_of_corner[_previous_corner(corner_place, corner_count)]
    quads = np.stack(
        [here, vertex_count + edge_of_corner, vertex_count + len(edges) + corner_face, vertex_count + before], 1
    )
    return Subdivision(operator, quads, corner_face, corner_place, corner_count)


def _previous_corner(place: NDArray, count: NDArray) -> NDArray:
    """Return index of the corner before each one in its own face."""
    index = np.arange(len(place))
    return np.where(place == 0, index + count - 1, index - 1)


def _matrix(values: NDArray, rows: NDArray, columns: NDArray, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.broadcast_to(values, rows.shape), (rows, columns)), shape=shape)


def _rows(weights: NDArray) -> sparse.csr_matrix:
    return sparse.diags(weights).tocsr()
