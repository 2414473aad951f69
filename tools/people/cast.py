"""The actors of the demo: who they are, and the shots they play in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.people.appearance import IRIS_COLOURS, Beard
from tools.people.camera import Camera
from tools.people.colour import rgb
from tools.people.film import Film
from tools.people.light import studio_light
from tools.people.moment import Clothes, Moment
from tools.people.person import Person

TRAINING_SECONDS = 20.0
TEST_SECONDS = 8.0
FILM = Film(grain=0.006, blur_px=0.35)


@dataclass(frozen=True, eq=False)
class Shot:
    """A clip to be made: its `name`, who plays it (`on`: whose head wears that face), where, how, how long.

    In what voice.
    """

    name: str
    person: Person
    scene: Moment
    motion_seed: int
    seconds: float
    pitch_hz: float
    on: Person | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """A's face goes onto B.

    `test` is B in a shot that training does not see, `truth` the exact swap of it, `truth_toned` the same with the face
    in B's skin colour, as converters with colour transfer aim at.
    """

    name: str
    training_a: Shot
    training_b: Shot
    test: Shot
    truth: Shot
    truth_toned: Shot | None

    @property
    def shots(self) -> tuple[Shot, ...]:
        """All of them."""
        four = self.training_a, self.training_b, self.test, self.truth
        return (*four, self.truth_toned) if self.truth_toned else four


def demo_pairs() -> tuple[Pair, Pair]:
    """Return pair 1 looks alike; pair 2 differs in face shape, skin, age and gender."""
    alike = make_pair(
        "alike", "hanna", hanna(), office(), 210.0, "vera", vera(), evening_room(), 195.0, seed=300, toned=False
    )
    unlike = make_pair(
        "unlike", "amara", amara(), garden(), 188.0, "henrik", henrik(), workshop(), 108.0, seed=400, toned=True
    )
    return alike, unlike


def make_pair(
    name: str, a_name: str, a: Person, a_scene: Moment, a_pitch: float,
    b_name: str, b: Person, b_scene: Moment, b_pitch: float, seed: int, toned: bool,
) -> Pair:  # fmt: skip
    """Return the shots of a pair; the motion of each training clip and of the test is its own."""
    test = Shot(f"{b_name}_test", b, b_scene, seed + 3, TEST_SECONDS, b_pitch)
    return Pair(
        name,
        Shot(a_name, a, a_scene, seed + 1, TRAINING_SECONDS, a_pitch),
        Shot(b_name, b, b_scene, seed + 2, TRAINING_SECONDS, b_pitch),
        test,
        replace(test, name=f"{b_name}_test_as_{a_name}", person=a, on=b),
        replace(test, name=f"{b_name}_test_as_{a_name}_toned", person=in_skin_of(a, b), on=b) if toned else None,
    )


def in_skin_of(person: Person, other: Person) -> Person:
    """Return the person with the other's skin colour and flush; lips keep their contrast to the skin."""
    own, wanted = np.array(person.skin.tone), np.array(other.skin.tone)
    lips = rgb(np.minimum(np.array(person.skin.lip_colour) / own * wanted, 0.9))
    skin = replace(person.skin, tone=other.skin.tone, ruddiness=other.skin.ruddiness, lip_colour=lips)
    return replace(person, skin=skin)


def hanna() -> Person:
    """Return a woman of thirty with short dark hair."""
    person = Person.from_seed(1, gender=0.06, age=30.0, ancestry={"caucasian": 0.85, "asian": 0.1, "african": 0.05})
    hair = replace(person.hair, brow_style="eyebrow001")
    return replace(person, hair=hair, iris=IRIS_COLOURS["hazel"])


def vera() -> Person:
    """Return a woman of about the same age and colouring with long auburn hair."""
    person = Person.from_seed(3, gender=0.05, age=33.0, ancestry={"caucasian": 0.85, "asian": 0.1, "african": 0.05})
    auburn = (0.10, 0.042, 0.018)
    hair = replace(
        person.hair, style="long01", colour=auburn, brow_colour=(0.05, 0.024, 0.012), brow_style="eyebrow010"
    )
    skin = replace(person.skin, eye_shadow=0.15, lip_colour=hanna().skin.lip_colour)
    return replace(person, hair=hair, skin=skin, iris=IRIS_COLOURS["green"])


def amara() -> Person:
    """Return a woman in her twenties with dark skin, her black hair tied back."""
    person = Person.from_seed(84, gender=0.04, age=26.0, ancestry={"caucasian": 0.05, "asian": 0.05, "african": 0.9})
    hair = replace(person.hair, style="ponytail01", brow_style="eyebrow001", colour=(0.014, 0.010, 0.008))
    return replace(person, hair=hair, skin=replace(person.skin, eye_shadow=0.0))


def henrik() -> Person:
    """Return a heavy man of sixty-two with light skin, grey hair and a day's stubble."""
    person = Person.from_seed(41, gender=0.97, age=62.0, ancestry={"caucasian": 0.95, "asian": 0.05, "african": 0.0})
    hair = replace(
        person.hair,
        style="short04",
        colour=(0.24, 0.22, 0.21),
        brow_style="eyebrow009",
        brow_colour=(0.09, 0.08, 0.075),
    )
    return replace(person, hair=hair, beard=Beard(stubble=0.35), iris=IRIS_COLOURS["blue"], weight=0.8)


def office() -> Moment:
    """Return daylight from the side, cool walls."""
    return _scene(11, studio_light(6000, -35), Clothes((0.10, 0.16, 0.22)), Camera(extent_dm=1.3))


def evening_room() -> Moment:
    """Return a warm lamp from the other side."""
    return _scene(27, studio_light(4700, 38), Clothes((0.14, 0.035, 0.04)), Camera(extent_dm=1.34, pitch=-2.0))


def garden() -> Moment:
    """Return bright and soft."""
    return _scene(34, studio_light(6400, 20), Clothes((0.42, 0.30, 0.06)), Camera(extent_dm=1.32, yaw=-3.0))


def workshop() -> Moment:
    """Return neutral light, hard from above left."""
    return _scene(
        52, studio_light(5400, -50), Clothes((0.04, 0.06, 0.05), pattern=0.4), Camera(extent_dm=1.36, yaw=4.0)
    )


def _scene(background: int, light, clothes: Clothes, camera: Camera) -> Moment:
    return Moment(background=background, light=light, clothes=clothes, camera=camera, film=FILM, face_metering=0.0)
