"""What happens: everything in a picture that is not who. The same Moment with two people is an exact swap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tools.people.camera import Camera
from tools.people.colour import Rgb, rgb
from tools.people.expression import random_expression
from tools.people.film import Film, random_film
from tools.people.light import Light, random_light, studio_light
from tools.people.occluders import Occluder, random_occluders
from tools.people.seeds import stream


@dataclass(frozen=True)
class Clothes:
    """A plain garment up to the neck.

    `collar` heights (dm) in front and behind; `colour` linear RGB; `pattern` [0, 1].
    """

    colour: Rgb = (0.05, 0.07, 0.12)
    pattern: float = 0.0
    collar: tuple[float, float] = (5.86, 5.97)
    curve: float = 0.05


@dataclass(frozen=True)
class Moment:
    """`expression` unit -> weight (see `expression.UNITS`).

    `gaze` (yaw, pitch) and `head` (yaw, pitch, roll) in degrees.

    `background` is the seed of the scene behind; `exposure` a gain on the light meter's proposal; `face_metering` in
    [0, 1] how far the camera makes up for dark or light skin (0 keeps it the same for everybody).
    """

    expression: Mapping[str, float] = field(default_factory=dict)
    gaze: tuple[float, float] = (0.0, 0.0)
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    camera: Camera = Camera()
    light: Light = field(default_factory=studio_light)
    background: int = 0
    clothes: Clothes = Clothes()
    occluders: tuple[Occluder, ...] = ()
    film: Film = Film()
    exposure: float = 1.0
    face_metering: float = 0.0
    kind: str = "neutral"

    def __post_init__(self) -> None:
        if any(abs(angle) > limit for angle, limit in zip(self.head, (60, 40, 40), strict=True)):
            raise ValueError(f"the head turns by at most 60, 40 and 40 degrees of yaw, pitch and roll, not {self.head}")
        if any(abs(angle) > limit for angle, limit in zip(self.gaze, (35, 25), strict=True)):
            raise ValueError(f"eyes turn by at most 35 and 25 degrees, not {self.gaze}")


def random_moment(seed: int, *, yaw_limit: float = 60.0, occluded: float = 0.2) -> Moment:
    """Return the moment of that seed.

    Turned up to `yaw_limit` degrees, something before the face in a share `occluded`.
    """
    rng = stream(seed, "moment")
    expression, kind = random_expression(rng)
    # most people face the camera; one in four turns anywhere up to the limit, or profiles would hardly ever come
    anywhere = rng.uniform(-yaw_limit, yaw_limit)
    yaw = float(anywhere if rng.random() < 0.25 else np.clip(rng.normal(0, 25), -yaw_limit, yaw_limit))
    head_yaw = float(np.clip(yaw * rng.uniform(0, 0.6), -32, 32))
    camera_yaw = head_yaw - yaw
    head = head_yaw, float(np.clip(rng.normal(0, 9), -22, 22)), float(np.clip(rng.normal(0, 6), -15, 15))
    gaze = float(np.clip(rng.normal(0, 9), -22, 22)), float(np.clip(rng.normal(0, 5), -12, 12))
    return Moment(
        expression=expression,
        gaze=gaze,
        head=head,
        camera=random_camera(stream(seed, "camera"), camera_yaw),
        light=random_light(stream(seed, "light"), camera_yaw),
        background=seed,
        clothes=random_clothes(stream(seed, "clothes")),
        occluders=random_occluders(stream(seed, "occluders"), occluded),
        film=random_film(stream(seed, "film")),
        exposure=float(np.exp(rng.normal(0, 0.2))),
        face_metering=0.4,
        kind=kind,
    )


def random_camera(rng: np.random.Generator, yaw: float) -> Camera:
    """Return any lens from tele to wide, the face filling a third to most of the picture."""
    return Camera(
        field_of_view=float(rng.choice([rng.uniform(12, 28), rng.uniform(25, 50)])),
        extent_dm=float(rng.uniform(1.1, 1.75)),
        yaw=yaw,
        pitch=float(rng.uniform(-15, 12)),
        roll=float(np.clip(rng.normal(0, 6), -20, 20)),
        shift=(float(rng.uniform(-0.12, 0.12)), float(rng.uniform(-0.05, 0.15))),
        follows_head=True,
    )


def random_clothes(rng: np.random.Generator) -> Clothes:
    """Return anything from a round collar to a polo neck."""
    if rng.random() < 0.6:
        colour = rng.random(3) ** 2 * 0.6 + 0.01
    else:
        colour = np.full(3, rng.choice([0.02, 0.05, 0.3, 0.7]))
    polo = rng.random() < 0.2
    front = rng.uniform(6.0, 6.12) if polo else rng.uniform(5.78, 5.98)
    behind = front + 0.08 if polo else rng.uniform(5.98, 6.10)
    pattern = rng.uniform(0.3, 1) if rng.random() < 0.25 else 0.0
    return Clothes(rgb(colour), float(pattern), (float(front), float(behind)), float(rng.uniform(-0.02, 0.12)))
