"""Ambient occlusion of the average head, by looking at it from all sides; baked once and kept in the cache folder."""

from __future__ import annotations

import pickle

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.files.atomic import atomic_path
from tools.people.appearance import HAIR_STYLES
from tools.people.assets import cache_folder
from tools.people.camera import look_at, orthographic
from tools.people.head import Head
from tools.people.light import even_directions
from tools.people.rasteriser import OPAQUE, empty_buffers, rasterise
from tools.people.textures import load_cutout

VERSION = 1
DIRECTIONS = 120
MAP_SIZE = 640
CENTRE = np.array([0.0, 7.0, 0.6])
OPEN_MOUTH = {"mouth-open": 0.6, "mouth-corner-puller": 0.5}

Occlusion = dict[str, dict[str, NDArray[np.float32]]]


def load_occlusion(head: Head) -> Occlusion:
    """Return ["closed" | "open" | hair style][part] -> openness (source vertices of the part,).

    1 sees the whole sky.
    """
    cached = cache_folder() / f"occlusion-{VERSION}.pickle"
    if cached.exists():
        return pickle.loads(cached.read_bytes())
    baked = bake_occlusion(head)
    with atomic_path(cached) as path:
        path.write_bytes(pickle.dumps(baked))
    return baked


def bake_occlusion(head: Head) -> Occlusion:
    """Compute all of it: half a minute."""
    at_rest = head.canonical_base
    mouth_open = at_rest.copy()
    head.apply(mouth_open, {f"expression/units/caucasian/{name}": weight for name, weight in OPEN_MOUTH.items()})
    inside = ("high-poly", "teeth_base", "tongue01")
    baked = {"closed": _bake(head, at_rest, inside), "open": _bake(head, mouth_open, inside)}
    for style in HAIR_STYLES:
        baked[style] = _bake(head, at_rest, ("high-poly", style))
    return baked


def _bake(head: Head, base: NDArray[np.float32], proxies: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
    positions = {"body": head.body(base)} | {name: head.bindings[name].fit(base) for name in proxies}
    normals = {name: _source_normals(head, name, place) for name, place in positions.items()}
    opacities = {name: load_cutout(head.assets, name).opacity if name in HAIR_STYLES else OPAQUE for name in positions}
    seen = {name: np.zeros(len(place)) for name, place in positions.items()}
    total = {name: np.full(len(place), 1e-6) for name, place in positions.items()}
    for towards in even_directions(DIRECTIONS):
        up = np.array([0, 1, 0.01]) if abs(towards[1]) < 0.99 else np.array([1.0, 0, 0])
        matrix = orthographic(3.2, 0, 9) @ look_at(CENTRE + towards * 4.5, CENTRE, up)
        depth, owner, weights = empty_buffers(MAP_SIZE)
        for name, place in positions.items():
            part = head.parts[name]
            screen = _to_map(place, matrix)[part.source]
            whole = np.ones(len(screen), np.float32)
            rasterise(
                screen, part.triangles, 0, depth, owner, weights, False, 0.0, opacities[name], part.uvs, whole, 0.4, 1
            )
        for name, place in positions.items():
            normal = normals[name]
            cosine = np.ones(len(place)) if name in HAIR_STYLES else np.maximum(normal @ towards, 0)
            at = _to_map(place + normal * np.float32(0.01), matrix)
            column, row = at[:, :2].astype(int).clip(0, MAP_SIZE - 1).T
            seen[name] += cosine * (at[:, 2] - 0.003 < depth[row, column])
            total[name] += cosine
    return {name: (seen[name] / total[name]).astype(np.float32) for name in positions}


def _source_normals(head: Head, name: str, place: NDArray[np.float32]) -> NDArray[np.float32]:
    normals = np.zeros((len(place), 3), np.float32)
    normals[head.parts[name].source] = head.parts[name].normals(place)
    return normals


def _to_map(points: NDArray[np.float32], matrix: NDArray) -> NDArray[np.float32]:
    """Return world points -> columns and rows of the map, and depth in [-1, 1]."""
    clip = points @ matrix[:3, :3].T + matrix[:3, 3]
    clip[:, :2] = (clip[:, :2] * 0.5 + 0.5) * MAP_SIZE
    return clip.astype(np.float32)
