"""Parts ready to be drawn, and how many of them become one Scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tools.people.labels import Label, Material
from tools.people.rasteriser import OPAQUE
from tools.people.surface import MASK_COUNT, Scene

STRATIFIED = -1.0  # as `threshold`: see `rasteriser.cutout_threshold`


@dataclass(frozen=True, eq=False)
class Drawable:
    """One part in the world, V vertices and T triangles, drawn alike.

    Per vertex as in `Scene`, `colours` may be one colour for all, `masks` and `canonical` are zero where not given;
    `material` one or (T,). `opacity` (V,) times `opacity_map` at the uvs is compared with `threshold` for cut-outs;
    `cull`, `depth_bias`: see `rasteriser.rasterise`.
    """

    triangles: NDArray[np.int32]
    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32]
    occlusion: NDArray[np.float32]
    colours: ArrayLike
    material: Material | NDArray[np.uint8]
    label: Label
    masks: NDArray[np.float32] | None = None
    canonical: NDArray[np.float32] | None = None
    opacity: NDArray[np.float32] | None = None
    opacity_map: NDArray[np.float32] = field(default_factory=lambda: OPAQUE)
    threshold: float = 0.0
    cull: bool = False
    depth_bias: float = 0.0
    casts_shadow: bool = True

    def columns(self) -> tuple[NDArray, ...]:
        """Return positions, normals, uvs, occlusion, colours, masks, canonical places and opacity, each with V rows."""
        count = len(self.positions)
        return (
            self.positions,
            self.normals,
            self.uvs,
            self.occlusion,
            np.broadcast_to(np.asarray(self.colours, np.float32), (count, 3)),
            np.zeros((count, MASK_COUNT), np.float32) if self.masks is None else self.masks,
            np.zeros((count, 3), np.float32) if self.canonical is None else self.canonical,
            np.ones(count, np.float32) if self.opacity is None else self.opacity,
        )


@dataclass(frozen=True, eq=False)
class Layer:
    """Where a drawable's triangles lie in the scene: `first` to before `last`."""

    first: int
    last: int
    drawn: Drawable


def stack(drawables: Sequence[Drawable]) -> tuple[Scene, NDArray[np.float32], list[Layer]]:
    """Return all parts as one scene, their vertices' opacity (V,), and the layers to be drawn in turn."""
    columns = zip(*(drawable.columns() for drawable in drawables), strict=True)
    single = [np.ascontiguousarray(np.concatenate(column), np.float32) for column in columns]
    positions, normals, uvs, occlusion, colours, masks, canonical, opacity = single
    first_vertex = np.cumsum([0] + [len(drawable.positions) for drawable in drawables])
    first_triangle = np.cumsum([0] + [len(drawable.triangles) for drawable in drawables])
    triangles = [drawable.triangles + first for drawable, first in zip(drawables, first_vertex[:-1], strict=True)]
    materials = [np.broadcast_to(np.asarray(d.material, np.uint8), len(d.triangles)) for d in drawables]
    labels = [np.full(len(drawable.triangles), int(drawable.label), np.uint8) for drawable in drawables]
    scene = Scene(
        np.concatenate(triangles).astype(np.int32),
        np.concatenate(materials),
        np.concatenate(labels),
        positions,
        normals,
        uvs,
        occlusion,
        colours,
        masks,
        canonical,
    )
    layers = [
        Layer(int(first), int(last), drawable)
        for drawable, first, last in zip(drawables, first_triangle[:-1], first_triangle[1:], strict=True)
    ]
    return scene, opacity, layers
