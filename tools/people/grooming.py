"""Hair, brows, lashes and beards of a posed figure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tools.people.appearance import FUR_LENGTHS_DM
from tools.people.drawable import STRATIFIED, Drawable
from tools.people.fur import grow_fur
from tools.people.labels import Label, Material
from tools.people.pose import Pose, PosedBody

LASH_COLOUR = (0.012, 0.009, 0.008)
BROW_BIAS = 1e-4  # of depth: brows lie on the skin
BEARD_REGIONS = {"full": "beard", "goatee": "goatee", "moustache": "moustache"}


def draw_hair(pose: Pose, body: PosedBody) -> Iterator[Drawable]:
    """Yield brows and lashes of the face, hair of the head's owner."""
    face, hair = pose.figure.face.hair, pose.figure.owner.hair
    yield _cards(pose, face.brow_style, Material.BROW, Label.BROWS, face.brow_colour, 1.35)
    yield _cards(pose, face.lash_style, Material.LASH, Label.SKIN, LASH_COLOUR, 1.7)
    if hair.style in pose.wardrobe.head.parts:
        yield _cards(pose, hair.style, Material.HAIR, Label.HAIR, hair.colour, 1.0)
    elif hair.style in FUR_LENGTHS_DM:
        length = FUR_LENGTHS_DM[hair.style]
        density = np.clip(pose.wardrobe.regions.scalp * 1.3, 0, 1)
        layers = 4 if length < 0.05 else 7
        curly = hair.style == "coils"
        droop, tiles = (0.0, 0.45) if curly else (0.25, 0.8)
        yield from _fur(pose, body, density, length, layers, hair.colour, Label.HAIR, droop, tiles)


def draw_beard(pose: Pose, body: PosedBody) -> Iterator[Drawable]:
    """Yield the face's beard, if it is longer than stubble."""
    beard = pose.figure.face.beard
    if beard.length_dm > 0:
        density = np.clip(beard_mask(pose) * 1.15, 0, 1)
        colour = np.minimum(np.array(pose.figure.face.hair.colour) * 0.85, 0.3)
        yield from _fur(pose, body, density, beard.length_dm, 6, colour, Label.BEARD, droop=0.6, tiles=0.7)


def beard_mask(pose: Pose) -> NDArray[np.float32]:
    """Return where the face's beard or stubble grows, (body vertices,) in [0, 1]."""
    region = BEARD_REGIONS[pose.figure.face.beard.shape]
    return getattr(pose.wardrobe.regions, region) * pose.figure.face_share


def _cards(pose: Pose, name: str, material: Material, label: Label, colour: ArrayLike, thicken: float) -> Drawable:
    """Return a proxy made of sheets with strands painted on."""
    part = pose.wardrobe.head.parts[name]
    place = pose.proxy(name)
    openness = np.ones(len(place), np.float32)
    if material == Material.HAIR:
        openness = np.clip(pose.wardrobe.occlusion[name][name] * 2 + 0.1, 0, 1)
    return Drawable(
        part.triangles,
        place[part.source],
        part.normals(place),
        part.uvs,
        openness[part.source],
        colour,
        material,
        label,
        opacity=np.full(len(part.source), thicken, np.float32),
        opacity_map=pose.wardrobe.cutouts[name].opacity,
        threshold=STRATIFIED,
        depth_bias=BROW_BIAS if material == Material.BROW else 0.0,
        casts_shadow=material != Material.BROW,
    )


def _fur(
    pose: Pose,
    body: PosedBody,
    density: NDArray[np.float32],
    length_dm: float,
    layers: int,
    colour: ArrayLike,
    label: Label,
    droop: float,
    tiles: float,
) -> Iterator[Drawable]:
    """Yield layers over the skin where `density` (body vertices,) is above zero."""
    wardrobe = pose.wardrobe
    part = wardrobe.head.parts["body"]
    skin_only = part.triangles[wardrobe.body_materials == Material.SKIN]
    source = part.source
    shells = grow_fur(
        body.positions[source], body.normals, wardrobe.body_uvs, body.occlusion[source], skin_only, density[source],
        length_dm, layers, droop, tiles,
    )  # fmt: skip
    for shell in shells:
        yield Drawable(
            shell.triangles,
            shell.positions,
            shell.normals,
            shell.uvs,
            shell.occlusion,
            colour,
            Material.FUR,
            label,
            opacity=shell.opacity,
            opacity_map=wardrobe.strands,
            threshold=shell.threshold,
            casts_shadow=False,
        )
