"""Counterfactuals: the same person at the same moment with one thing moved by a known amount, all else as it was.

What a move changes is told by `FACTORS`; everything else, down to the camera's noise, is drawn from the same seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tools.people.appearance import HAIR_COLOURS, SKIN_TONES, Beard, draw_hair, skin_tone
from tools.people.colour import luma, rgb
from tools.people.light import Light, direction
from tools.people.moment import Moment, random_moment
from tools.people.occluders import Occluder
from tools.people.person import Person
from tools.people.seeds import stream

GLASSES_SHARE = 0.2  # of the scenes that begin with glasses on
NATURAL = tuple(sorted(HAIR_COLOURS[:7], key=luma))  # black to blond: what lighter and darker hair runs along
SLIT = 0.35  # how far the eyes narrow with a whole smile
STEEPEST = (45.0, 38.0)  # degrees that a head is turned and nods on its neck
SIGNS = (-1.0, 1.0)  # of yaw and pitch as `core.geometry.Pose` counts them, against those of a moment


@dataclass(frozen=True, eq=False)
class Scene:
    """Who is seen, and in which moment."""

    person: Person
    moment: Moment


@dataclass(frozen=True)
class Factor:
    """One thing that can be moved alone: its `value` in a scene (None: it cannot be moved), and how it is `moved`.

    Values lie between `low` and `high`, in `unit`; a move is at least `least` long.
    """

    name: str
    unit: str
    low: float
    high: float
    least: float
    value: Callable[[Scene], float | None]
    moved: Callable[[Scene, float], Scene]


def base_scene(person: Person, moment_seed: int, yaw_limit: float) -> Scene:
    """Return a scene to move: nothing before the face but glasses now and then, an exposure that heeds no skin.

    Nothing is compressed, or a move would be seen in blocks beside it as well.
    """
    rng = stream(moment_seed, "counterfactual")
    glasses = (Occluder("glasses", int(rng.integers(2**31))),) if rng.random() < GLASSES_SHARE else ()
    moment = random_moment(moment_seed, yaw_limit=yaw_limit, occluded=0.0)
    film = replace(moment.film, jpeg_quality=0)
    return Scene(person, replace(moment, occluders=glasses, face_metering=0.0, film=film))


def counterfactual(scene: Scene, place: int, seed: int) -> tuple[Scene, str, float]:
    """Return the scene with the factor at `place` moved, the factor's name and by how much.

    Where that factor cannot be moved (a beard on a woman, hair on a bald head) another one is, by chance.
    """
    rng = stream(seed, "move", place)
    able = [factor for factor in FACTORS if factor.value(scene) is not None]
    factor = FACTORS[place] if FACTORS[place] in able else able[int(rng.integers(len(able)))]
    before = factor.value(scene)
    assert before is not None
    after = _another(factor, before, rng)
    return factor.moved(scene, after), factor.name, after - before


def _another(factor: Factor, before: float, rng: np.random.Generator) -> float:
    """Return a value at least `least` from the one before; the far end where the range has no room for that."""
    below, above = before - factor.least - factor.low, factor.high - before - factor.least
    room = max(below, 0.0) + max(above, 0.0)
    if room <= 0:
        return factor.low if before - factor.low > factor.high - before else factor.high
    drawn = rng.uniform(0, room)
    return float(factor.low + drawn if drawn < max(below, 0.0) else before + factor.least + drawn - max(below, 0.0))


def _lightness(colour: tuple[float, float, float]) -> float:
    return float(luma(colour) ** (1 / 2.2))  # as the eye counts


def _with_expression(scene: Scene, **changed: float) -> Scene:
    units = {**scene.moment.expression, **{name.replace("_", "-"): value for name, value in changed.items()}}
    kept = {unit: weight for unit, weight in units.items() if weight > 0}
    return replace(scene, moment=replace(scene.moment, expression=kept))


def _unit(scene: Scene, name: str) -> float:
    return float(scene.moment.expression.get(name, 0.0))


def _smile(scene: Scene, value: float) -> Scene:
    more = SLIT * (value - _unit(scene, "mouth-corner-puller"))
    slits = {f"eye_{side}_slit": max(0.0, _unit(scene, f"eye-{side}-slit") + more) for side in ("left", "right")}
    return _with_expression(scene, mouth_corner_puller=value, **slits)


def _closed(scene: Scene) -> float:
    return (_unit(scene, "eye-left-closure") + _unit(scene, "eye-right-closure")) / 2


def _aged(scene: Scene, age: float) -> Scene:
    """Shape and skin of that age; hair keeps its colour, which is a factor of its own."""
    person = scene.person
    other = Person.from_seed(person.seed, gender=person.gender, age=age, ancestry=person.ancestry)
    return replace(scene, person=replace(person, age=age, skin=other.skin))


def _of_gender(scene: Scene, gender: float) -> Scene:
    """Shape, brows and lashes; hair, beard and paint stay."""
    person = scene.person
    other = draw_hair(stream(person.seed, "hair"), gender, person.age, person.ancestry)
    hair = replace(person.hair, brow_style=other.brow_style, lash_style=other.lash_style)
    return replace(scene, person=replace(person, gender=gender, hair=hair))


def _with_hair(scene: Scene, lightness: float) -> Scene:
    hair = scene.person.hair
    ladder = np.array([_lightness(colour) for colour in NATURAL])
    before, after = (
        np.array([np.interp(at, ladder, np.array(NATURAL)[:, channel]) for channel in range(3)])
        for at in (_lightness(hair.colour), lightness)
    )
    colour = np.array(hair.colour) * after / before
    colour *= lightness**2.2 / max(luma(colour), 1e-6)
    return replace(scene, person=replace(scene.person, hair=replace(hair, colour=rgb(colour.clip(0, 0.9)))))


def _with_skin(scene: Scene, lightness: float) -> Scene:
    skin = scene.person.skin
    places = np.linspace(len(SKIN_TONES) - 1, 0, 100)  # dark to light
    ladder = np.array([_lightness(rgb(skin_tone(place))) for place in places])
    before, after = (skin_tone(float(np.interp(at, ladder, places))) for at in (_lightness(skin.tone), lightness))
    ratio = after / before
    ratio *= lightness**2.2 / luma(np.array(skin.tone) * ratio)
    tone, lips = (rgb((np.array(colour) * ratio).clip(0, 0.95)) for colour in (skin.tone, skin.lip_colour))
    return replace(scene, person=replace(scene.person, skin=replace(skin, tone=tone, lip_colour=lips)))


def _with_beard(scene: Scene, amount: float) -> Scene:
    beard = Beard("full", 0.06, 0.8) if amount > 0.5 else Beard()
    return replace(scene, person=replace(scene.person, beard=beard))


def _beard(scene: Scene) -> float | None:
    beard = scene.person.beard
    return None if scene.person.gender < 0.5 else 1.0 if beard.length_dm > 0 else float(beard.stubble)


def _with_glasses(scene: Scene, worn: float) -> Scene:
    seed = int(stream(scene.moment.background, "glasses").integers(2**31))
    return replace(scene, moment=replace(scene.moment, occluders=(Occluder("glasses", seed),) if worn > 0.5 else ()))


def _turned(scene: Scene, axis: int, seen: float) -> Scene:
    """The head turned on its neck; the camera follows it, the light stays where it is."""
    head = list(scene.moment.head)
    head[axis] += SIGNS[axis] * (seen - _angle(scene, axis))
    return replace(scene, moment=replace(scene.moment, head=(head[0], head[1], head[2])))


def _angle(scene: Scene, axis: int) -> float:
    camera = scene.moment.camera
    return SIGNS[axis] * (scene.moment.head[axis] - (camera.yaw, camera.pitch)[axis])


def _turnable(axis: int, reach: float) -> Callable[[Scene], float | None]:
    """Return the angle seen, where the neck has room for all of the range."""

    def angle(scene: Scene) -> float | None:
        neck = scene.moment.head[axis] - SIGNS[axis] * _angle(scene, axis)
        return _angle(scene, axis) if abs(neck) + reach <= STEEPEST[axis] else None

    return angle


def _azimuth(scene: Scene) -> float:
    key = scene.moment.light.directions[0]
    return float(np.degrees(np.arctan2(key[0], key[2]))) - scene.moment.camera.yaw


def _lit_from(scene: Scene, azimuth: float) -> Scene:
    """The strongest lamp carried round the head at its height, the camera's exposure held."""
    light = scene.moment.light
    directions = light.directions.copy()
    elevation = float(np.degrees(np.arcsin(np.clip(directions[0, 1], -1, 1))))
    directions[0] = direction(azimuth + scene.moment.camera.yaw, elevation)
    moved = Light(directions.astype(np.float32), light.colours, light.sharpness, light.harmonics)
    held = scene.moment.exposure * moved.frontal_irradiance() / light.frontal_irradiance()
    return replace(scene, moment=replace(scene.moment, light=moved, exposure=held))


FACTORS = (
    Factor("smile", "share", 0.0, 1.0, 0.4, lambda scene: _unit(scene, "mouth-corner-puller"), _smile),
    Factor("age", "years", 20.0, 78.0, 15.0, lambda scene: scene.person.age, _aged),
    Factor("yaw", "degrees", -32.0, 32.0, 12.0, _turnable(0, 20.0), lambda scene, value: _turned(scene, 0, value)),
    Factor("pitch", "degrees", -18.0, 18.0, 8.0, _turnable(1, 18.0), lambda scene, value: _turned(scene, 1, value)),
    Factor("gender", "share male", 0.0, 1.0, 0.5, lambda scene: scene.person.gender, _of_gender),
    Factor(
        "hair",
        "lightness",
        0.13,
        0.65,
        0.18,
        lambda scene: None if scene.person.hair.style == "bald" else _lightness(scene.person.hair.colour),
        _with_hair,
    ),
    Factor("skin", "lightness", 0.24, 0.82, 0.15, lambda scene: _lightness(scene.person.skin.tone), _with_skin),
    Factor("glasses", "worn", 0.0, 1.0, 1.0, lambda scene: float(bool(scene.moment.occluders)), _with_glasses),
    Factor("beard", "share", 0.0, 1.0, 1.0, _beard, _with_beard),
    Factor(
        "mouth_open",
        "share",
        0.0,
        0.8,
        0.35,
        lambda scene: _unit(scene, "mouth-open"),
        lambda scene, value: _with_expression(scene, mouth_open=value),
    ),
    Factor(
        "eyes_closed",
        "share",
        0.0,
        1.0,
        0.5,
        _closed,
        lambda scene, value: _with_expression(scene, eye_left_closure=value, eye_right_closure=value),
    ),
    Factor("light", "degrees", -75.0, 75.0, 40.0, _azimuth, _lit_from),
)
