"""Puts a figure into its moment: poses every part and lays them into one Scene, with how each is to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.people.appearance import FUR_LENGTHS_DM
from tools.people.expression import mouth_openness
from tools.people.figure import Figure
from tools.people.fur import FurLayer, grow_fur
from tools.people.labels import Label, Material
from tools.people.landmarks import VERTICES_68
from tools.people.moment import Moment
from tools.people.rasteriser import OPAQUE
from tools.people.rotation import rotation, turn
from tools.people.surface import Scene
from tools.people.wardrobe import EYES, TEETH, TONGUE, Wardrobe

STRATIFIED = -1.0
CLOTH_THICKNESS_DM = 0.03
LASH_COLOUR = (0.012, 0.009, 0.008)


@dataclass(frozen=True, eq=False)
class Layer:
    """A run of triangles drawn alike: see `rasteriser.rasterise`."""

    first: int
    last: int
    cull: bool = False
    depth_bias: float = 0.0
    opacity_map: NDArray[np.float32] = field(default_factory=lambda: OPAQUE)
    threshold: float = 0.0
    casts_shadow: bool = True


@dataclass(frozen=True, eq=False)
class Assembly:
    """`opacity` (V,) beside the scene's vertices; `body` (body vertices, 3) and `base` landmarks' world places for
    labels."""

    scene: Scene
    opacity: NDArray[np.float32]
    layers: list[Layer]
    body: NDArray[np.float32]
    pivot: NDArray[np.float32]
    turn: NDArray[np.float64]


class _Stack:
    """Collects parts and hands them out as one scene."""

    def __init__(self) -> None:
        self.pieces: list[tuple[NDArray, ...]] = []
        self.triangles: list[NDArray] = []
        self.materials: list[NDArray] = []
        self.labels: list[NDArray] = []
        self.layers: list[Layer] = []
        self.vertex_count = 0
        self.triangle_count = 0

    def add(
        self, triangles, positions, normals, uvs, occlusion, colours, material, label, *,
        opacity=None, masks=None, canonical=None, **drawing,
    ) -> None:  # fmt: skip
        count = len(positions)
        self.pieces.append((
            positions, normals, uvs, occlusion,
            np.broadcast_to(np.asarray(colours, np.float32), (count, 3)),
            np.zeros((count, 7), np.float32) if masks is None else masks,
            np.zeros((count, 3), np.float32) if canonical is None else canonical,
            np.ones(count, np.float32) if opacity is None else opacity,
        ))  # fmt: skip
        self.triangles.append(triangles + self.vertex_count)
        self.materials.append(np.broadcast_to(np.asarray(material, np.uint8), len(triangles)))
        self.labels.append(np.full(len(triangles), int(label), np.uint8))
        self.layers.append(Layer(self.triangle_count, self.triangle_count + len(triangles), **drawing))
        self.vertex_count += count
        self.triangle_count += len(triangles)

    def scene(self) -> tuple[Scene, NDArray[np.float32]]:
        single = [np.ascontiguousarray(np.concatenate(column), np.float32) for column in zip(*self.pieces, strict=True)]
        positions, normals, uvs, occlusion, colours, masks, canonical, opacity = single
        triangles = np.concatenate(self.triangles).astype(np.int32)
        scene = Scene(
            triangles, np.concatenate(self.materials), np.concatenate(self.labels), positions, normals, uvs, occlusion,
            colours, masks, canonical,
        )  # fmt: skip
        return scene, opacity


def assemble(wardrobe: Wardrobe, figure: Figure, moment: Moment) -> Assembly:
    """Pose the figure and gather everything to be drawn."""
    head = wardrobe.head
    base = figure.express(head, moment.expression)
    pivot = head.pivot(base)
    turned = rotation(*moment.head)
    stack = _Stack()
    openness = mouth_openness(moment.expression)

    body, normals, shade = _add_body(stack, wardrobe, figure, moment, base, pivot, turned, openness)
    _add_eyes(stack, wardrobe, moment, base, pivot, turned)
    _add_mouth(stack, wardrobe, base, pivot, turned, openness)
    _add_hair(stack, wardrobe, figure, base, pivot, turned, body, normals, shade)
    _add_beard(stack, wardrobe, figure, body, normals, shade)
    _add_occluders(stack, wardrobe, moment, base, pivot, turned)
    scene, opacity = stack.scene()
    return Assembly(scene, opacity, stack.layers, body, pivot, turned)


def _add_body(stack, wardrobe, figure, moment, base, pivot, turned, openness):
    """Skin and cloth; returns the body's world vertices, their drawn normals and their occlusion."""
    head, part = wardrobe.head, wardrobe.head.parts["body"]
    still = head.body(base)
    canonical = head.canonical
    clothes = moment.clothes
    front_to_back = np.clip((0.35 - canonical[:, 2]) / 0.6, 0, 1)
    collar = (
        clothes.collar[0]
        + (clothes.collar[1] - clothes.collar[0]) * front_to_back
        + clothes.curve * canonical[:, 0] ** 2
    )
    thickness = CLOTH_THICKNESS_DM * np.clip((collar - canonical[:, 1]) / 0.03, 0, 1)
    body = turn(still, head.body_share, turned, pivot)
    normals = part.normals(body)
    drawn = body[part.source] + normals * thickness[part.source, None].astype(np.float32)

    closed, open_ = wardrobe.occlusion["closed"]["body"], wardrobe.occlusion["open"]["body"]
    shade = closed + (open_ - closed) * np.float32(openness)
    style = figure.owner.hair.style
    if style in wardrobe.occlusion:
        shade = np.where(wardrobe.regions.cavity, shade, np.minimum(shade, wardrobe.occlusion[style]["body"]))
    masks = wardrobe.masks
    if figure.face is not figure.owner:
        masks = masks.copy()
        masks[:, 1:3] *= figure.face_share[:, None]
        masks[:, 6] = figure.face_share
    if figure.face.beard.shape != "full":
        masks = masks.copy()
        masks[:, 1] = _beard_mask(wardrobe, figure)
    stack.add(
        part.triangles, drawn, normals, wardrobe.body_uvs, shade[part.source], figure.colours[part.source],
        wardrobe.body_materials, Label.MOUTH_INSIDE, masks=masks[part.source], canonical=canonical[part.source],
        cull=True,
    )  # fmt: skip
    return body, normals, shade


def _add_eyes(stack, wardrobe, moment, base, pivot, turned) -> None:
    head, part = wardrobe.head, wardrobe.head.parts[EYES]
    eyes = head.bindings[EYES].fit(base)
    normals = np.zeros_like(eyes)
    gaze = rotation(*moment.gaze).astype(np.float32)
    closing = [moment.expression.get(f"eye-{side}-closure", 0.0) for side in ("left", "right")]
    for side, closed in zip((1, -1), closing, strict=True):
        own = wardrobe.eye_sides == side
        ball = eyes[own & wardrobe.eye_is_ball]
        centre = (ball.min(0) + ball.max(0)) / 2
        arm = (eyes[own] - centre) @ gaze.T
        # shut lids are thin: the ball draws back a little so as not to shine through
        eyes[own] = arm * np.float32(1 - 0.05 * min(closed, 1)) + centre - np.array([0, 0, 0.012 * closed], np.float32)
        normals[own] = arm / (np.linalg.norm(arm, axis=1, keepdims=True) + 1e-9)
    everything = np.ones(len(eyes), np.float32)
    eyes = turn(eyes, everything, turned, pivot)
    normals = normals @ turned.T.astype(np.float32)  # a ball's, so that glints stay small
    shade = np.clip(wardrobe.occlusion["closed"][EYES] * 1.25, 0, 1) ** 1.15
    stack.add(
        wardrobe.eye_triangles, eyes[part.source], normals[part.source], wardrobe.eye_uvs, shade[part.source], (1, 1,
        1), Material.EYE, Label.EYES, cull=True, casts_shadow=False,
    )  # fmt: skip


def _add_mouth(stack, wardrobe, base, pivot, turned, openness) -> None:
    """Teeth and tongue, set back a little so that the lips stay before them."""
    head = wardrobe.head
    for name, triangles, colours, material, back in (
        (TEETH, wardrobe.teeth_triangles, wardrobe.teeth_colours, Material.TEETH, 0.03),
        (TONGUE, head.parts[TONGUE].triangles, wardrobe.tongue_colours, Material.TONGUE, 0.02),
    ):
        part = head.parts[name]
        still = head.bindings[name].fit(base) - np.array([0, 0, back], np.float32)
        place = turn(still, head.share_of(name), turned, pivot)
        shade = wardrobe.occlusion["open"][name]
        if name == TEETH:
            shade = np.clip(shade * 1.6 + 0.35, 0, 1) * np.float32(0.6 + 0.4 * openness)
        else:
            shade = shade * np.float32(0.3 + 0.7 * openness)
        stack.add(
            triangles, place[part.source], part.normals(place), part.uvs, shade[part.source], colours, material,
            Label.MOUTH_INSIDE, cull=name == TEETH, casts_shadow=False,
        )  # fmt: skip


def _add_hair(stack, wardrobe, figure, base, pivot, turned, body, normals, shade) -> None:
    head, hair = wardrobe.head, figure.owner.hair
    face = figure.face.hair
    cards = [
        (face.brow_style, Material.BROW, Label.BROWS, face.brow_colour, 1.35, 1e-4),
        (face.lash_style, Material.LASH, Label.SKIN, LASH_COLOUR, 1.7, 0.0),
    ]
    if hair.style in head.parts:
        cards.append((hair.style, Material.HAIR, Label.HAIR, hair.colour, 1.0, 0.0))
    for name, material, label, colour, thicken, bias in cards:
        part = head.parts[name]
        place = turn(head.bindings[name].fit(base), head.share_of(name), turned, pivot)
        open_ = np.ones(len(place), np.float32)
        if material == Material.HAIR:
            open_ = np.clip(wardrobe.occlusion[name][name] * 2 + 0.1, 0, 1)
        stack.add(
            part.triangles, place[part.source], part.normals(place), part.uvs, open_[part.source], colour, material,
            label, opacity=np.full(len(part.source), thicken, np.float32), depth_bias=bias, threshold=STRATIFIED,
            opacity_map=wardrobe.cutouts[name].opacity, casts_shadow=material != Material.BROW,
        )  # fmt: skip
    if hair.style in FUR_LENGTHS_DM:
        length = FUR_LENGTHS_DM[hair.style]
        curly = hair.style == "coils"
        _add_fur(
            stack, wardrobe, body, normals, shade, np.clip(wardrobe.regions.scalp * 1.3, 0, 1), length,
            4 if length < 0.05 else 7, hair.colour, Label.HAIR, droop=0.0 if curly else 0.25, tiles=0.45 if curly else
            0.8,
        )  # fmt: skip


def _beard_mask(wardrobe: Wardrobe, figure: Figure) -> NDArray[np.float32]:
    """Where the face's beard grows (body vertices,)."""
    shapes = {"full": "beard", "goatee": "goatee", "moustache": "moustache"}
    return getattr(wardrobe.regions, shapes[figure.face.beard.shape]) * figure.face_share


def _add_beard(stack, wardrobe, figure, body, normals, shade) -> None:
    beard = figure.face.beard
    if beard.length_dm <= 0:
        return
    density = np.clip(_beard_mask(wardrobe, figure) * 1.15, 0, 1)
    colour = np.minimum(np.array(figure.face.hair.colour) * 0.85, 0.3)
    _add_fur(
        stack, wardrobe, body, normals, shade, density, beard.length_dm, 6, colour, Label.BEARD, droop=0.6, tiles=0.7
    )


def _add_fur(stack, wardrobe, body, normals, shade, density, length, layers, colour, label, droop, tiles) -> None:
    part = wardrobe.head.parts["body"]
    source = part.source
    skin_only = part.triangles[wardrobe.body_materials == Material.SKIN]
    shells: list[FurLayer] = grow_fur(
        body[source],
        normals,
        wardrobe.body_uvs,
        shade[source],
        skin_only,
        density[source],
        length,
        layers,
        droop,
        tiles,
    )
    for shell in shells:
        stack.add(
            shell.triangles, shell.positions, shell.normals, shell.uvs, shell.occlusion, colour, Material.FUR, label,
            opacity=shell.opacity, opacity_map=wardrobe.strands, threshold=shell.threshold, casts_shadow=False,
        )  # fmt: skip


def _add_occluders(stack, wardrobe, moment, base, pivot, turned) -> None:
    head = wardrobe.head
    if not moment.occluders:
        return
    landmarks = head.body(base)[head.place[VERTICES_68]]
    for occluder in moment.occluders:
        solid = occluder.build(landmarks, head.eye_centres(base))
        count = len(solid.positions)
        place = turn(solid.positions, np.ones(count, np.float32), turned, pivot)
        normals = solid.normals @ turned.T.astype(np.float32)
        stack.add(
            solid.triangles, place, normals, np.zeros((count, 2), np.float32), np.ones(count, np.float32),
            solid.colours, Material.SOLID, Label.OCCLUDER,
        )  # fmt: skip
