"""How a person looks apart from the shape of the head: skin, hair, beard and eyes, and how they are drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.colour import Rgb, rgb

# MakeHuman's proxies
HAIR_STYLES = (
    "afro01",
    "bob01",
    "bob02",
    "braid01",
    "long01",
    "ponytail01",
    "short01",
    "short02",
    "short03",
    "short04",
)
BROW_STYLES = tuple(f"eyebrow{index:03d}" for index in range(1, 13))
LASH_STYLES = tuple(f"eyelashes{index:02d}" for index in range(1, 5))
DETAIL_VARIANTS = 3  # of the skin's fine structure

# Skin from light to dark, sRGB.
SKIN_TONES = (
    (241, 206, 190),
    (233, 191, 170),
    (221, 172, 147),
    (205, 154, 123),
    (180, 129, 99),
    (150, 104, 78),
    (115, 78, 59),
    (86, 58, 46),
    (62, 44, 37),
)
# Linear RGB: black, dark to light brown, blond, red, grey, white.
HAIR_COLOURS = (
    (0.010, 0.008, 0.007), (0.018, 0.012, 0.009), (0.045, 0.024, 0.013), (0.085, 0.045, 0.022), (0.15, 0.08, 0.035),
    (0.30, 0.19, 0.085), (0.45, 0.32, 0.17), (0.16, 0.045, 0.016), (0.22, 0.20, 0.19), (0.50, 0.48, 0.45),
)  # fmt: skip
IRIS_COLOURS = {
    "dark brown": (0.045, 0.018, 0.008),
    "brown": (0.10, 0.042, 0.016),
    "amber": (0.19, 0.095, 0.03),
    "hazel": (0.13, 0.10, 0.04),
    "green": (0.10, 0.14, 0.06),
    "grey": (0.19, 0.22, 0.24),
    "blue": (0.11, 0.20, 0.32),
    "light blue": (0.20, 0.32, 0.42),
}
# Long hair that falls over one eye is rare among people and common among MakeHuman's styles.
WOMENS_HAIR = {
    "long01": 0.24, "ponytail01": 0.20, "bob01": 0.10, "bob02": 0.03, "braid01": 0.04, "afro01": 0.04,
    "short01": 0.05, "short02": 0.07, "short04": 0.09, "crop": 0.08, "buzz": 0.03, "coils": 0.03,
}  # fmt: skip
MENS_HAIR = {
    "short01": 0.20, "short02": 0.16, "short03": 0.03, "short04": 0.14, "afro01": 0.03, "ponytail01": 0.02,
    "long01": 0.02, "crop": 0.16, "buzz": 0.12, "coils": 0.04, "bald": 0.08,
}  # fmt: skip
FUR_LENGTHS_DM = {"buzz": 0.035, "crop": 0.11, "coils": 0.34}  # styles made of layers over the scalp


@dataclass(frozen=True)
class Skin:
    """Colours are linear RGB, everything else a share in about [0, 1]."""

    tone: Rgb
    ruddiness: float
    mottling: float
    freckles: float
    moles: int
    pores: float
    wrinkles: float
    oil: float
    roughness: float
    lip_colour: Rgb
    lip_gloss: float
    under_eyes: float
    eye_shadow: float
    detail: int


@dataclass(frozen=True)
class Hair:
    """`style` is one of MakeHuman's, of FUR_LENGTHS_DM, or "bald"; `colour` linear RGB."""

    style: str
    colour: Rgb
    shine: float
    contrast: float
    brow_style: str
    brow_colour: Rgb
    lash_style: str


@dataclass(frozen=True)
class Beard:
    """`shape` full, goatee or moustache; `length_dm` of the hair, 0 none; `stubble` the shadow under it in [0, 1]."""

    shape: str = "full"
    length_dm: float = 0.0
    stubble: float = 0.0


def draw_skin(rng: np.random.Generator, gender: float, age: float, ancestry: Mapping[str, float]) -> Skin:
    """Return skin tone from ancestry, texture from age and chance."""
    light, middle, dark = (ancestry.get(name, 0.0) for name in ("caucasian", "asian", "african"))
    place = light * rng.uniform(-0.3, 2.6) + middle * rng.uniform(0.6, 3.8) + dark * rng.uniform(4.2, 8.4)
    place = float(np.clip(place + rng.normal(0, 0.3), 0, 7.99))
    tone = skin_tone(place) * rng.uniform(0.85, 0.97) * [rng.uniform(0.97, 1.03), 1, rng.uniform(0.94, 1.05)]
    lips = tone * [rng.uniform(0.84, 0.98), rng.uniform(0.44, 0.56), rng.uniform(0.56, 0.72)]
    made_up = gender < 0.5 and rng.random() < 0.4
    painted = np.array([rng.uniform(0.25, 0.5), rng.uniform(0.04, 0.14), rng.uniform(0.06, 0.16)]) * (
        1.1 - 0.06 * place
    )
    old = float(np.clip((age - 32) / 40, 0, 1))
    return Skin(
        tone=rgb(tone),
        ruddiness=rng.uniform(0.05, 0.5) * (1 - 0.08 * place),
        mottling=rng.uniform(0.5, 1.0) + 0.4 * old,
        freckles=float(rng.choice([0, rng.uniform(0.1, 0.9)], p=[0.75, 0.25])) * (1 - 0.09 * place),
        moles=int(rng.integers(0, 6)),
        pores=rng.uniform(0.5, 1.0),
        wrinkles=0.06 + rng.uniform(0.7, 1.3) * old,
        oil=rng.uniform(0.4, 0.9),
        roughness=rng.uniform(0.43, 0.58),
        lip_colour=rgb(lips * 0.45 + painted * 0.55 if made_up else lips),
        lip_gloss=rng.uniform(0.4, 1.2) if made_up else rng.uniform(0.1, 0.5),
        under_eyes=rng.uniform(0.0, 0.6) + 0.3 * old,
        eye_shadow=rng.uniform(0.2, 0.8) if made_up else 0.0,
        detail=int(rng.integers(0, DETAIL_VARIANTS)),
    )


def skin_tone(place: float) -> NDArray[np.float64]:
    """Return linear RGB of a skin between the lightest (0) and the darkest (8)."""
    linear = (np.array(SKIN_TONES) / 255.0) ** 2.2
    step = min(int(place), len(linear) - 2)
    return linear[step] + (linear[step + 1] - linear[step]) * (place - step)


def draw_hair(rng: np.random.Generator, gender: float, age: float, ancestry: Mapping[str, float]) -> Hair:
    """Return style by gender, colour by ancestry and age."""
    light, dark = ancestry.get("caucasian", 0.0), ancestry.get("african", 0.0)
    darkness = dark + 0.55 * ancestry.get("asian", 0.0) + 0.15 * light
    odds = np.array(
        [0.1 + darkness * 1.2, 0.1 + darkness * 0.8, 0.08 + 0.2 * (light + darkness), 0.22 * light + 0.02, 0.14 * light,
         0.12 * light, 0.08 * light, 0.05 * light, 0, 0]
    )  # fmt: skip
    odds[8:] += max(0.0, age - 48) * np.array([0.024, 0.018])
    colour = np.array(HAIR_COLOURS[rng.choice(len(odds), p=odds / odds.sum())]) * rng.uniform(0.75, 1.3)
    styles = WOMENS_HAIR if gender < 0.5 else MENS_HAIR
    style = str(rng.choice(list(styles), p=np.array(list(styles.values())) / sum(styles.values())))
    if style in ("afro01", "coils") and dark < 0.35:
        style = "short02"
    brows = colour * min(rng.uniform(0.4, 0.9), 0.10 / colour.max())
    feminine = (1, 1, 1, 2, 6, 8, 8, 10, 11, 12, 4)  # the styles 3, 5 and 7 look cross
    masculine = (1, 1, 4, 8, 8, 9, 9, 10, 12, 12)
    brow = int(rng.choice(feminine if gender < 0.5 else masculine))
    lash = rng.choice(LASH_STYLES, p=[0.5, 0.22, 0.22, 0.06]) if gender < 0.5 else LASH_STYLES[0]
    return Hair(
        style,
        rgb(colour),
        float(rng.uniform(0.15, 0.8)),
        float(rng.uniform(0.7, 1.1)),
        BROW_STYLES[brow - 1],
        rgb(brows),
        str(lash),
    )


def draw_beard(rng: np.random.Generator, gender: float) -> Beard:
    """Return none for women; for men a clean chin, stubble or a beard."""
    kind = rng.choice(["none", "shadow", "stubble", "beard"], p=[0.4, 0.25, 0.15, 0.2])
    amount, length = rng.uniform(), rng.uniform(0.03, 0.14)
    shape = str(rng.choice(["full", "full", "goatee", "moustache"]))
    if gender < 0.5 or kind == "none":
        return Beard()
    if kind == "beard":
        return Beard(shape, float(length), 0.55 + 0.35 * amount)
    return Beard(stubble=0.15 + 0.2 * amount if kind == "shadow" else 0.4 + 0.45 * amount)


def draw_iris(rng: np.random.Generator, ancestry: Mapping[str, float]) -> Rgb:
    """Return brown for most, anything for people of light skin."""
    brown = rng.random() < 0.3 + 1.6 * ancestry.get("african", 0.0) + 0.9 * ancestry.get("asian", 0.0)
    name = rng.choice(["dark brown", "brown", "brown", "amber"] if brown else list(IRIS_COLOURS))
    return rgb(np.array(IRIS_COLOURS[str(name)]) * rng.uniform(0.8, 1.2) * rng.uniform(0.93, 1.07, 3))
