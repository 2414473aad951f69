"""What the shader knows about surfaces: the scene's arrays and the looks of skin, eyes and hair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Columns of `Scene.masks`.
LIPS, BEARD, FRECKLES, SCALP, NOSE, EARS, FACE = range(7)
MASK_COUNT = 7


class Scene(NamedTuple):
    """All parts of one moment in one set of arrays; per vertex unless said otherwise.

    `triangles` (T, 3), `materials` (T,) uint8, `labels` (T,) uint8 the class of a triangle (skin's is refined per
    sample); `positions`, `normals` (V, 3) world; `uvs` (V, 2) of the material's own texture; `occlusion` (V,) 1 open
    to 0 hidden; `colours` (V, 3) linear albedo; `masks` (V, 7) lips, beard, freckles, scalp, nose, ears,
    face (1 where the look of the face holds, 0 where that of the head's owner does); `canonical` (V, 3) place on the
    average head, where patterns are painted.
    """

    triangles: NDArray[np.int32]
    materials: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32]
    occlusion: NDArray[np.float32]
    colours: NDArray[np.float32]
    masks: NDArray[np.float32]
    canonical: NDArray[np.float32]


class SkinLook(NamedTuple):
    """The skin's fine structure; colours are linear RGB, shares in [0, 1].

    `detail` (H, W, 5) uint8: pores, wrinkles, mottling, freckles, stubble (see `skin_detail`); `moles` (M, 4)
    canonical place and radius in dm; `neckline` (3,): height of the collar in front and behind, and its curve.
    """

    detail: NDArray[np.uint8]
    moles: NDArray[np.float32]
    pores: np.float32
    wrinkles: np.float32
    mottling: np.float32
    freckles: np.float32
    oil: np.float32
    roughness: np.float32
    stubble: np.float32
    stubble_colour: NDArray[np.float32]
    scalp: np.float32
    scalp_colour: NDArray[np.float32]
    lip_colour: NDArray[np.float32]
    lip_gloss: np.float32
    cloth_colour: NDArray[np.float32]
    cloth_pattern: np.float32
    neckline: NDArray[np.float32]


class EyeLook(NamedTuple):
    """`iris` (3,) linear RGB, `pupil` its radius as a share of the iris, `white` (3,) linear RGB.

    `seed` of the fibres.
    """

    iris: NDArray[np.float32]
    pupil: np.float32
    white: NDArray[np.float32]
    seed: int


class HairLook(NamedTuple):
    """`texture` (H, W) float32 relative brightness of the strands, `contrast` its power, `shine` of the highlight."""

    texture: NDArray[np.float32]
    contrast: np.float32
    shine: np.float32
