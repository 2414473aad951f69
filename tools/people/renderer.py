"""render(person, moment, size): the picture of a person in a moment, and everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.people.appearance import DETAIL_VARIANTS
from tools.people.assembly import Assembly, assemble
from tools.people.assets import Assets
from tools.people.background import background
from tools.people.camera import View, look_at, orthographic, view_of
from tools.people.colour import luma
from tools.people.figure import Figure, build_figure, build_swapped
from tools.people.film import develop, expose, exposure_of
from tools.people.labels import Label
from tools.people.landmarks import VERTICES_68
from tools.people.moment import Moment
from tools.people.person import Person
from tools.people.rasteriser import OPAQUE, empty_buffers, rasterise
from tools.people.reflection import Lamps
from tools.people.seeds import stream
from tools.people.shader import shade_all
from tools.people.skin_detail import HEIGHT as DETAIL_HEIGHT
from tools.people.skin_detail import LEVELS
from tools.people.surface import EyeLook, HairLook, SkinLook
from tools.people.wardrobe import Wardrobe

SHADOW_MAP_SIZE = 384
SHADOW_RADIUS_DM = 2.4
VISIBLE_WITHIN_DM = 0.06
SAME_SURFACE_PIXELS = 2.5  # how much deeper a neighbouring sample of one surface may lie
HEAD_HEIGHT_DM = 2.9  # what the skin's detail texture is high


@dataclass(frozen=True, eq=False)
class Picture:
    """`image` (S, S, 3) uint8 RGB; `points` (68, 2) and `dense` (512, 2) float32 pixels.

    The centre of the top-left pixel at (0, 0); `visible` (68,) whether nothing lies before a point; `labels` (S, S)
    uint8, see `Label`; `depth` (S, S) float32 metres along the view, inf where only background is; `attributes` of
    person and moment.
    """

    image: NDArray[np.uint8]
    points: NDArray[np.float32]
    dense: NDArray[np.float32]
    visible: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]
    attributes: dict[str, float | str]


class Renderer:
    """Draws people on one thread; keep one for each process.

    `samples` x `samples` samples are averaged into a pixel; without `fine` a surface is shaded once in a pixel, which
    is faster and hardly seen beside camera noise.
    """

    def __init__(self, assets: Assets, samples: int = 2, fine: bool = True, subdivided: bool = True) -> None:
        self.wardrobe = Wardrobe(assets, subdivided)
        self.samples = samples
        self.fine = fine
        self._figure_of = lru_cache(maxsize=64)(self._build)

    def render(self, person: Person, moment: Moment, size_px: int, *, on: Person | None = None) -> Picture:
        """Return the picture of `person` in `moment`; with `on`, the true swap.

        That person's face on the head of `on`.
        """
        return self.draw(self.figure(person, on), moment, size_px)

    def figure(self, person: Person, on: Person | None = None) -> Figure:
        """Return the person's geometry and skin; built once, remembered for the last 64."""
        return self._figure_of(_Same(person), _Same(on) if on else None)

    def _build(self, person: _Same, on: _Same | None) -> Figure:
        head, regions = self.wardrobe.head, self.wardrobe.regions
        if on is None:
            return build_figure(person.it, head, regions)
        return build_swapped(person.it, on.it, head, regions)

    def draw(self, figure: Figure, moment: Moment, size_px: int) -> Picture:
        """Return as `render`, for a figure that is already built."""
        assembly = assemble(self.wardrobe, figure, moment)
        view = view_of(moment.camera, assembly.pivot, assembly.turn)
        size = size_px * self.samples
        depth, owner, weights = empty_buffers(size)
        screen = view.to_samples(assembly.scene.positions, size)
        _rasterise_layers(assembly, screen, depth, owner, weights, self.samples)

        colour = np.zeros((size, size, 4), np.float32)
        labels = np.zeros((size, size), np.uint8)
        shade_all(
            owner, weights, depth, view.depth_step(SAME_SURFACE_PIXELS * 2 * moment.camera.extent_dm / size_px),
            self.samples, self.fine, assembly.scene, self._skin(figure.face, figure.moles, moment, size),
            self._skin(figure.owner, figure.moles, moment, size), _eye_look(figure.face), self._hair_look(figure.owner),
            _lamps(assembly, moment, view), view.position.astype(np.float32), colour, labels,
        )  # fmt: skip
        image = self._develop(colour, figure, moment, size_px)
        labels, depth = labels[:: self.samples, :: self.samples], depth[:: self.samples, :: self.samples]
        metres = np.where(labels == Label.BACKGROUND, np.inf, view.distance_dm(depth) / 10).astype(np.float32)
        return self._picture(image, labels, metres, assembly, view, figure, moment)

    def _develop(self, colour: NDArray, figure: Figure, moment: Moment, size_px: int) -> NDArray[np.uint8]:
        """Average the samples, lay them over the background, expose."""
        if self.samples > 1:
            colour = cv2.resize(colour, (size_px, size_px), interpolation=cv2.INTER_AREA)
        meter = moment.light.frontal_irradiance()
        gain = exposure_of(meter, luma(figure.face.skin.tone), moment.face_metering) * moment.exposure
        behind = background(moment.background, size_px) * np.float32(1 / max(gain, 0.3))
        linear = colour[..., :3] + (1 - colour[..., 3:]) * behind
        return expose(develop(linear, gain), moment.film)

    def _picture(self, image, labels, metres, assembly, view: View, figure, moment) -> Picture:
        dense = assembly.body[self.wardrobe.head.place[self.wardrobe.dense]]
        points = view.to_pixels(dense, len(image))
        away = 1 / (view.matrix[3, :3] @ dense[: len(VERTICES_68)].T + view.matrix[3, 3])
        column, row = np.clip(np.round(points[: len(VERTICES_68)]), 0, len(image) - 1).astype(int).T
        visible = metres[row, column] * 10 > 1 / away - VISIBLE_WITHIN_DM
        inside = ((points[: len(VERTICES_68)] > -0.5) & (points[: len(VERTICES_68)] < len(image) - 0.5)).all(1)
        seen_yaw = moment.head[0] - moment.camera.yaw
        attributes = figure.face.attributes() | {
            "kind": moment.kind,
            "yaw": round(seen_yaw, 2),
            "pitch": round(moment.head[1] - moment.camera.pitch, 2),
            "roll": round(moment.head[2], 2),
            "gaze_yaw": round(moment.gaze[0], 2),
            "gaze_pitch": round(moment.gaze[1], 2),
            "occluder": moment.occluders[0].kind if moment.occluders else "none",
        }
        return Picture(
            image, points[: len(VERTICES_68)].copy(), points, visible & inside, labels.copy(), metres, attributes
        )

    def _skin(self, person: Person, moles: NDArray[np.float32], moment: Moment, size: int) -> SkinLook:
        skin, clothes = person.skin, moment.clothes
        # the detail level whose texels are about as large as the samples
        texels_per_sample = DETAIL_HEIGHT / HEAD_HEIGHT_DM * 2 * moment.camera.extent_dm / size
        level = int(np.clip(np.round(np.log2(max(texels_per_sample, 1))), 0, LEVELS - 1))
        bald = person.hair.style == "bald"
        return SkinLook(
            detail=self.wardrobe.details[min(skin.detail, DETAIL_VARIANTS - 1)][level],
            moles=moles,
            pores=np.float32(skin.pores * 0.4),
            wrinkles=np.float32(skin.wrinkles * 1.5),
            mottling=np.float32(skin.mottling),
            freckles=np.float32(skin.freckles),
            oil=np.float32(skin.oil),
            roughness=np.float32(skin.roughness),
            stubble=np.float32(person.beard.stubble),
            stubble_colour=_single(np.minimum(np.array(person.hair.colour) * 0.4, 0.05)),
            scalp=np.float32(stream(person.seed, "scalp").uniform(0.15, 0.5) if bald else 0.9),
            scalp_colour=_single(np.array(person.hair.colour) * 0.7 + np.array(skin.tone) * 0.08),
            lip_colour=_single(skin.lip_colour),
            lip_gloss=np.float32(skin.lip_gloss),
            cloth_colour=_single(clothes.colour),
            cloth_pattern=np.float32(clothes.pattern),
            neckline=_single([clothes.collar[0], clothes.collar[1], clothes.curve]),
        )

    def _hair_look(self, person: Person) -> HairLook:
        hair = person.hair
        texture = self.wardrobe.cutouts[hair.style].brightness if hair.style in self.wardrobe.cutouts else OPAQUE
        return HairLook(texture, np.float32(hair.contrast), np.float32(hair.shine))


def render(person: Person, moment: Moment, size_px: int, *, on: Person | None = None) -> Picture:
    """Return the picture of a person in a moment, size_px square; with `on`, of that person's face on the head of `on`.

    Raises:
        UserError: MakeHuman's files are not to be found (see `assets`).
    """
    return default_renderer().render(person, moment, size_px, on=on)


@lru_cache(maxsize=1)
def default_renderer() -> Renderer:
    """Return this process's renderer, with the files that FACESWAP_PEOPLE_ASSETS names."""
    return Renderer(Assets())


class _Same:
    """A person as a key: equal when the very same object (looks hold dicts, which do not hash)."""

    def __init__(self, it: Person) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it


def _rasterise_layers(assembly: Assembly, screen, depth, owner, weights, samples: int) -> None:
    for layer in assembly.layers:
        drawn = layer.drawn
        rasterise(
            screen, assembly.scene.triangles[layer.first : layer.last], layer.first, depth, owner, weights, drawn.cull,
            drawn.depth_bias, drawn.opacity_map, assembly.scene.uvs, assembly.opacity, drawn.threshold, samples,
        )  # fmt: skip


def _lamps(assembly: Assembly, moment: Moment, view: View) -> Lamps:
    """Return the moment's light with the shadow map of its key lamp."""
    light = moment.light
    key = light.directions[0].astype(np.float64)
    up = np.array([0, 1, 0.01]) if abs(key[1]) < 0.98 else np.array([1.0, 0, 0])
    matrix = orthographic(SHADOW_RADIUS_DM, 0, 9) @ look_at(view.centre + key * 4.5, view.centre, up)
    to_map = np.diag([0.5, 0.5, 1, 1]) @ matrix
    to_map[:2, 3] += 0.5
    world_to_map = _single(to_map[:3])
    places = assembly.scene.positions @ world_to_map[:, :3].T + world_to_map[:, 3]
    places[:, :2] *= SHADOW_MAP_SIZE
    depth, owner, weights = empty_buffers(SHADOW_MAP_SIZE)
    # rows of the map run upwards, so culling keeps the solids' far sides: they shadow alike and never themselves
    for layer in assembly.layers:
        drawn = layer.drawn
        if drawn.casts_shadow:
            rasterise(
                places, assembly.scene.triangles[layer.first : layer.last], 0, depth, owner, weights, drawn.cull, 0.0,
                drawn.opacity_map, assembly.scene.uvs, assembly.opacity, 0.4, 1,
            )  # fmt: skip
    return Lamps(light.directions, light.colours, light.sharpness, light.harmonics, world_to_map, depth)


def _eye_look(person: Person) -> EyeLook:
    rng = stream(person.seed, "eyeballs")
    white = np.array([0.50, 0.465, 0.45]) * rng.uniform(0.9, 1.05)
    return EyeLook(_single(person.iris), np.float32(rng.uniform(0.30, 0.46)), _single(white), int(rng.integers(1000)))


def _single(values) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
