"""Puts a figure into its moment: skin, cloth, eyes, mouth, hair and what is before the face, as one Scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.drawable import Drawable, Layer, stack
from tools.people.expression import mouth_openness
from tools.people.figure import Figure
from tools.people.grooming import beard_mask, draw_beard, draw_hair
from tools.people.labels import Label, Material
from tools.people.landmarks import VERTICES_68
from tools.people.moment import Moment
from tools.people.pose import Pose, PosedBody, strike
from tools.people.rotation import rotation
from tools.people.surface import BEARD, FACE, FRECKLES, Scene
from tools.people.wardrobe import EYES, TEETH, TONGUE, Wardrobe

CLOTH_THICKNESS_DM = 0.03
TEETH_BACK_DM, TONGUE_BACK_DM = 0.03, 0.13  # so that the lips stay before the teeth and the teeth before the tongue


@dataclass(frozen=True, eq=False)
class Assembly:
    """`opacity` (V,) beside the scene's vertices.

    `layers` in drawing order; `body` (body vertices, 3) the skin in the world, for landmarks; the head's `turn` (3, 3)
    about `pivot` (3,).
    """

    scene: Scene
    opacity: NDArray[np.float32]
    layers: list[Layer]
    body: NDArray[np.float32]
    pivot: NDArray[np.float32]
    turn: NDArray[np.float64]


def assemble(wardrobe: Wardrobe, figure: Figure, moment: Moment) -> Assembly:
    """Return pose the figure and gather everything to be drawn."""
    pose = strike(wardrobe, figure, moment)
    body = pose_body(pose)
    drawables = [
        draw_body(pose, body),
        draw_eyes(pose),
        *draw_mouth(pose),
        *draw_hair(pose, body),
        *draw_beard(pose, body),
        *draw_occluders(pose),
    ]
    scene, opacity, layers = stack(drawables)
    return Assembly(scene, opacity, layers, body.positions, pose.pivot, pose.turn)


def pose_body(pose: Pose) -> PosedBody:
    """Return the skin in the world and how open it is to light, with the mouth's state and the hair's shade."""
    wardrobe, head = pose.wardrobe, pose.wardrobe.head
    positions = pose.carry(head.body(pose.base), head.body_share)
    closed, opened = wardrobe.occlusion["closed"]["body"], wardrobe.occlusion["open"]["body"]
    occlusion = closed + (opened - closed) * np.float32(mouth_openness(pose.moment.expression))
    style = pose.figure.owner.hair.style
    if style in wardrobe.occlusion:
        under_hair = np.minimum(occlusion, wardrobe.occlusion[style]["body"])
        occlusion = np.where(wardrobe.regions.cavity, occlusion, under_hair)
    return PosedBody(positions, head.parts["body"].normals(positions), occlusion)


def draw_body(pose: Pose, body: PosedBody) -> Drawable:
    """Return skin, and cloth where it lies below the collar."""
    wardrobe, figure, clothes = pose.wardrobe, pose.figure, pose.moment.clothes
    part, canonical = wardrobe.head.parts["body"], wardrobe.head.canonical
    front_to_back = np.clip((0.35 - canonical[:, 2]) / 0.6, 0, 1)
    collar = clothes.collar[0] + (clothes.collar[1] - clothes.collar[0]) * front_to_back
    collar = collar + clothes.curve * canonical[:, 0] ** 2
    thickness = CLOTH_THICKNESS_DM * np.clip((collar - canonical[:, 1]) / 0.03, 0, 1).astype(np.float32)
    masks = wardrobe.masks
    if figure.face is not figure.owner or figure.face.beard.shape != "full":
        masks = masks.copy()
        masks[:, BEARD] = beard_mask(pose)
        masks[:, FRECKLES] *= figure.face_share
        masks[:, FACE] = figure.face_share
    source = part.source
    return Drawable(
        part.triangles,
        body.positions[source] + body.normals * thickness[source, None],
        body.normals,
        wardrobe.body_uvs,
        body.occlusion[source],
        figure.colours[source],
        wardrobe.body_materials,
        Label.MOUTH_INSIDE,  # the shader knows skin's classes
        masks=masks[source],
        canonical=canonical[source],
        cull=True,
    )


def draw_eyes(pose: Pose) -> Drawable:
    """Return both eyeballs, turned by the gaze. Normals are a ball's, so that glints stay small."""
    wardrobe, expression = pose.wardrobe, pose.moment.expression
    part = wardrobe.head.parts[EYES]
    eyes = wardrobe.head.bindings[EYES].fit(pose.base)
    normals = np.zeros_like(eyes)
    gaze = rotation(*pose.moment.gaze).astype(np.float32)
    for side, name in ((1, "left"), (-1, "right")):
        own = wardrobe.eye_sides == side
        ball = eyes[own & wardrobe.eye_is_ball]
        centre = (ball.min(0) + ball.max(0)) / 2
        arm = (eyes[own] - centre) @ gaze.T
        normals[own] = arm / (np.linalg.norm(arm, axis=1, keepdims=True) + 1e-9)
        # shut lids are thin: the ball draws back a little so as not to shine through
        closed = min(expression.get(f"eye-{name}-closure", 0.0), 1.0)
        eyes[own] = arm * np.float32(1 - 0.05 * closed) + centre - np.array([0, 0, 0.012 * closed], np.float32)
    openness = np.clip(wardrobe.occlusion["closed"][EYES] * 1.25, 0, 1) ** 1.15
    source = part.source
    return Drawable(
        wardrobe.eye_triangles,
        pose.carry(eyes)[source],
        (normals @ pose.turn.T.astype(np.float32))[source],
        wardrobe.eye_uvs,
        openness[source],
        (1.0, 1.0, 1.0),
        Material.EYE,
        Label.EYES,
        cull=True,
        casts_shadow=False,
    )


def draw_mouth(pose: Pose) -> Iterator[Drawable]:
    """Yield teeth and tongue."""
    wardrobe, opened = pose.wardrobe, np.float32(mouth_openness(pose.moment.expression))
    teeth = np.clip(wardrobe.occlusion["open"][TEETH] * 1.6 + 0.35, 0, 1) * (np.float32(0.6) + np.float32(0.4) * opened)
    yield _inside(pose, TEETH, wardrobe.teeth_triangles, wardrobe.teeth_colours, teeth, Material.TEETH, TEETH_BACK_DM)
    tongue = wardrobe.occlusion["open"][TONGUE] * (np.float32(0.3) + np.float32(0.7) * opened)
    triangles = wardrobe.head.parts[TONGUE].triangles
    yield _inside(pose, TONGUE, triangles, wardrobe.tongue_colours, tongue, Material.TONGUE, TONGUE_BACK_DM)


def _inside(
    pose: Pose,
    name: str,
    triangles: NDArray[np.int32],
    colours: NDArray[np.float32],
    openness: NDArray[np.float32],
    material: Material,
    back_dm: float,
) -> Drawable:
    part = pose.wardrobe.head.parts[name]
    place = pose.proxy(name, back_dm)
    return Drawable(
        triangles,
        place[part.source],
        part.normals(place),
        part.uvs,
        openness[part.source],
        colours,
        material,
        Label.MOUTH_INSIDE,
        cull=material == Material.TEETH,
        casts_shadow=False,
    )


def draw_occluders(pose: Pose) -> Iterator[Drawable]:
    """Yield glasses, hands and the like; they turn with the head."""
    if not pose.moment.occluders:
        return
    head = pose.wardrobe.head
    landmarks = head.body(pose.base)[head.place[VERTICES_68]]
    for occluder in pose.moment.occluders:
        solid = occluder.build(landmarks, head.eye_centres(pose.base))
        count = len(solid.positions)
        yield Drawable(
            solid.triangles,
            pose.carry(solid.positions),
            solid.normals @ pose.turn.T.astype(np.float32),
            np.zeros((count, 2), np.float32),
            np.ones(count, np.float32),
            solid.colours,
            Material.SOLID,
            Label.OCCLUDER,
        )
