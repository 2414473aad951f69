"""Readers of MakeHuman's plain-text formats: .obj meshes, .target morphs, .mhclo clothes bindings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """A mesh of quads; a triangle repeats its third corner.

    `vertices` (V, 3) float32, `uvs` (T, 2) float32, `faces` (F, 4) into vertices, `face_uvs` (F, 4) into uvs,
    `groups` (F,) the name of each face's group.
    """

    vertices: NDArray[np.float32]
    uvs: NDArray[np.float32]
    faces: NDArray[np.int64]
    face_uvs: NDArray[np.int64]
    groups: NDArray[np.str_]


def read_obj(path: Path) -> Mesh:
    """Return a Wavefront .obj of triangles and quads."""
    vertices, uvs, faces, face_uvs, groups = [], [], [], [], []
    group = ""
    for line in path.read_text(errors="replace").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif kind == "vt":
            uvs.append([float(x) for x in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split()]
            if len(corners) == 3:
                corners.append(corners[2])
            faces.append([int(corner[0]) - 1 for corner in corners])
            face_uvs.append([int(corner[1]) - 1 for corner in corners])
            groups.append(group)
    return Mesh(
        np.array(vertices, np.float32), np.array(uvs, np.float32), np.array(faces), np.array(face_uvs), np.array(groups)
    )


def read_target(path: Path) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return a morph target: which vertices move (n,), and how far at full weight (n, 3)."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    indices = np.array([int(row[0]) for row in rows], np.int32)
    return indices, np.array([[float(x) for x in row[1:4]] for row in rows], np.float32).reshape(-1, 3)


@dataclass(frozen=True)
class Binding:
    """How a proxy mesh (hair, eyes, teeth) hangs on the body.

    Each vertex is a weighted sum of three body vertices plus an offset that scales with distances on the body.

    `corners` (n, 3), `weights` (n, 3, 1), `offsets` (n, 3), `scales` axis -> (vertex, vertex, reference length).
    """

    corners: NDArray[np.int64]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]
    scales: dict[int, tuple[int, int, float]]

    def fit(self, body: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the proxy's vertices (n, 3) on a body (V, 3)."""
        scale = np.ones(3, np.float32)
        for axis, (first, second, length) in self.scales.items():
            scale[axis] = abs(body[first, axis] - body[second, axis]) / length
        return np.einsum("nkc,nk->nc", body[self.corners], self.weights[:, :, 0]) + self.offsets * scale


def read_binding(path: Path) -> Binding:
    """Return the `verts` section and the scales of an .mhclo file."""
    corners, weights, offsets = [], [], []
    scales: dict[int, tuple[int, int, float]] = {}
    in_vertices = False
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if re.fullmatch(r"[xyz]_scale", words[0]):
            scales["xyz".index(words[0][0])] = (int(words[1]), int(words[2]), float(words[3]))
        elif words[0] == "verts":
            in_vertices = True
        elif words[0] == "delete_verts":
            in_vertices = False
        elif not in_vertices or not re.match(r"-?\d", words[0]):
            continue
        elif len(words) == 1:
            corners.append([int(words[0])] * 3)
            weights.append([1.0, 0.0, 0.0])
            offsets.append([0.0, 0.0, 0.0])
        else:
            corners.append([int(x) for x in words[:3]])
            weights.append([float(x) for x in words[3:6]])
            offsets.append([float(x) for x in words[6:9]] if len(words) >= 9 else [0.0, 0.0, 0.0])
    return Binding(np.array(corners), np.array(weights, np.float32)[:, :, None], np.array(offsets, np.float32), scales)
