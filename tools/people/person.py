"""Who: an adult who does not exist, drawn from a seed. Needs no files; `figure` turns a Person into geometry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tools.people.appearance import Beard, Hair, Skin, draw_beard, draw_hair, draw_iris, draw_skin
from tools.people.colour import Rgb, luma
from tools.people.seeds import stream

ADULT_YEARS = 18
# The average face of the sliders looks cross: friendlier brows and corners of the mouth.
SLIDER_MIDDLE = {"eyebrows/eyebrows-angle-up": 0.15, "mouth/mouth-angles-up": 0.12}
# Tighter spread for sliders that soon look unnatural.
SLIDER_SCALE = {"nose": 0.8, "ears": 0.6, "neck": 0.5, "head": 0.75}


@dataclass(frozen=True)
class Person:
    """An identity. Everything that is not given follows from `seed` alone (see `from_seed`).

    `gender` 0 female to 1 male; `age` in years, 18 or more; `ancestry` shares of MakeHuman's three base shapes, sum 1;
    `weight`, `muscle` in [0, 1]; `shape_spread` the deviation of the face's sliders; `sliders` MakeHuman target weights
    added on top.
    """

    seed: int
    gender: float
    age: float
    ancestry: Mapping[str, float]
    weight: float
    muscle: float
    shape_spread: float
    skin: Skin
    hair: Hair
    beard: Beard
    iris: Rgb
    sliders: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.age < ADULT_YEARS:
            raise ValueError(f"only adults are rendered: age must be {ADULT_YEARS} or more, not {self.age}")
        if not 0 <= self.gender <= 1:
            raise ValueError(f"gender must be between 0 (female) and 1 (male), not {self.gender}")
        if abs(sum(self.ancestry.values()) - 1) > 1e-6:
            raise ValueError(f"the shares of ancestry must sum to 1, not {sum(self.ancestry.values())}")

    @classmethod
    def from_seed(
        cls,
        seed: int,
        *,
        gender: float | None = None,
        age: float | None = None,
        ancestry: Mapping[str, float] | None = None,
        shape_spread: float = 0.24,
    ) -> Person:
        """Return the person of that seed; what is given replaces the drawn value and changes no other draw."""
        rng = stream(seed, "body")
        drawn_gender = float(np.clip(rng.choice([rng.normal(0.05, 0.08), rng.normal(0.95, 0.08)]), 0, 1))
        drawn_age = float(rng.choice([rng.uniform(18, 35), rng.uniform(25, 80)]))
        shares = dict(zip(("caucasian", "asian", "african"), rng.dirichlet([0.45] * 3).tolist(), strict=True))
        weight, muscle = (float(np.clip(rng.normal(0.5, s), 0, 1)) for s in (0.18, 0.15))
        gender = drawn_gender if gender is None else gender
        age = drawn_age if age is None else age
        ancestry = shares if ancestry is None else ancestry
        hair = draw_hair(stream(seed, "hair"), gender, age, ancestry)
        return cls(
            seed=seed,
            gender=gender,
            age=age,
            ancestry=ancestry,
            weight=weight,
            muscle=muscle,
            shape_spread=shape_spread,
            skin=draw_skin(stream(seed, "skin"), gender, age, ancestry),
            hair=hair,
            beard=draw_beard(stream(seed, "beard"), gender),
            iris=draw_iris(stream(seed, "eyes"), ancestry),
        )

    def slider(self, name: str) -> float:
        """Return the person's own value of a slider, about [-0.6, 0.6]; left and right differ by a trace.

        `name` is the target of the slider's positive side, such as "nose/nose-width-incr"; the value depends on the
        seed and the name only.
        """
        both_sides = name.replace("/l-", "/").replace("/r-", "/")
        value = stream(self.seed, both_sides).normal(0, self.shape_spread)
        if both_sides != name:
            value += stream(self.seed, name).normal(0, 0.04)
        elif name.endswith(("-in", "trans-out")):
            value *= 0.25  # one-sided sliders move the whole nose or mouth sideways
        if "head-age" in name:
            value *= 0.6
        value += SLIDER_MIDDLE.get(name, 0.0)
        return float(np.clip(value, -0.6, 0.6) * SLIDER_SCALE.get(name.split("/")[0], 1.0))

    def attributes(self) -> dict[str, float | str]:
        """Return what a net could learn about this person from a picture."""
        beard = self.beard.shape if self.beard.length_dm > 0 else "stubble" if self.beard.stubble > 0.3 else "none"
        known: dict[str, float | str] = {
            "person": self.seed,
            "age": round(self.age, 1),
            "gender": round(self.gender, 3),
            "hair": self.hair.style,
            "beard": beard,
            "skin_luma": round(luma(self.skin.tone), 4),
        }
        return known | {f"ancestry_{name}": round(share, 3) for name, share in self.ancestry.items()}
