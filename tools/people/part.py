"""A part of the head ready to be drawn: triangles with one texture coordinate a vertex, and its smooth normals."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray


class Part:
    """Built once from quads (F, 4) and their corners' texture coordinates (F, 4, 2).

    Vertices are split where a texture seam runs: drawn vertex i takes its position from `source[i]` and has the texture
    coordinate `uvs[i]`. `triangles` (T, 3) index drawn vertices.
    """

    def __init__(self, faces: NDArray, uvs: NDArray) -> None:
        keys = np.column_stack([faces.reshape(-1), np.round(uvs.reshape(-1, 2) * 65536)])
        _, first, drawn = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        self.source = faces.reshape(-1)[first].astype(np.int32)
        self.uvs = uvs.reshape(-1, 2)[first].astype(np.float32)
        self.triangles = _triangles(drawn.reshape(-1, 4)).astype(np.int32)
        self._source_triangles = _triangles(faces)
        corners = self._source_triangles.reshape(-1)
        owner = np.repeat(np.arange(len(self._source_triangles)), 3)
        shape = int(faces.max()) + 1, len(self._source_triangles)
        self._gather = sparse.csr_matrix((np.ones(len(corners), np.float32), (corners, owner)), shape=shape)

    def normals(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return unit normals (drawn vertices, 3), weighted by area, of the part's vertices at `positions` (V, 3)."""
        a, b, c = (positions[self._source_triangles[:, k]] for k in range(3))
        e, f = b - a, c - a
        area = np.empty_like(e)  # written out: np.cross takes four times as long
        area[:, 0] = e[:, 1] * f[:, 2] - e[:, 2] * f[:, 1]
        area[:, 1] = e[:, 2] * f[:, 0] - e[:, 0] * f[:, 2]
        area[:, 2] = e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]
        summed = self._gather @ area
        summed /= np.sqrt(np.einsum("nc,nc->n", summed, summed))[:, None] + 1e-9
        return summed[self.source]


def _triangles(quads: NDArray) -> NDArray:
    """Return two triangles a quad, without those that a repeated corner makes empty."""
    both = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    a, b, c = both.T
    return both[(a != b) & (b != c) & (a != c)]
