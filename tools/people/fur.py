"""Short hair as layers over the skin, each cut from one field of strands: beards, crops, coils.

J. Lengyel et al., "Real-time fur over arbitrary surfaces", 2001: shells at growing heights, thinner towards the tips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TILES = np.array([30.0, 18.0], np.float32)  # repeats of the strand field round the head and up it: strands of half a mm


@dataclass(frozen=True, eq=False)
class FurLayer:
    """One shell: drawn vertices, how open it is to light, and the field's height above which its strands stand."""

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32]
    opacity: NDArray[np.float32]
    occlusion: NDArray[np.float32]
    triangles: NDArray[np.int32]
    threshold: float


def grow_fur(
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    uvs: NDArray[np.float32],
    occlusion: NDArray[np.float32],
    triangles: NDArray[np.int32],
    density: NDArray[np.float32],
    length_dm: float,
    layers: int,
    droop: float = 0.0,
    tiles: float = 1.0,
) -> list[FurLayer]:
    """Return shells over the vertices (V,) where `density` in [0, 1] is above zero.

    `droop` bends the tips down; `tiles` < 1 makes coarser strands.
    """
    kept = triangles[density[triangles].max(1) > 0.06]
    if len(kept) == 0:
        return []
    used, inverse = np.unique(kept, return_inverse=True)
    local: NDArray[np.int32] = inverse.reshape(-1, 3).astype(np.int32)
    out = normals[used]
    own_density = density[used]
    height = (length_dm * np.sqrt(own_density))[:, None].astype(np.float32)
    shells = []
    for layer in range(layers):
        share = np.float32((layer + 1) / layers)
        lift = out * (height * share)
        lift[:, 1] -= np.float32(droop) * height[:, 0] * share * share
        shells.append(
            FurLayer(
                positions=positions[used] + lift,
                normals=out,
                uvs=uvs[used] * TILES * np.float32(tiles),
                opacity=own_density.astype(np.float32),
                occlusion=occlusion[used] * (np.float32(0.30) + np.float32(0.70) * share),
                triangles=local,
                threshold=0.18 + 0.62 * (layer / layers),
            )
        )
    return shells
