"""What a face does: weights of MakeHuman's expression units, and random expressions drawn from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

PAIRED = (
    "eye-{}-closure",
    "eye-{}-opened-up",
    "eye-{}-slit",
    "eyebrows-{}-down",
    "eyebrows-{}-extern-up",
    "eyebrows-{}-inner-up",
    "eyebrows-{}-up",
    "nose-{}-dilatation",
    "nose-{}-elevation",
)
SINGLE = (
    "mouth-compression", "mouth-corner-puller", "mouth-depression", "mouth-depression-retraction", "mouth-elevation",
    "mouth-eversion", "mouth-open", "mouth-parling", "mouth-part-later", "mouth-protusion", "mouth-pursing",
    "mouth-retraction", "mouth-upward-retraction", "neck-platysma", "nose-compression", "nose-depression",
)  # fmt: skip
UNITS = SINGLE + tuple(unit.format(side) for unit in PAIRED for side in ("left", "right"))
# how often each kind of expression is drawn
KINDS = {
    "neutral": 0.14, "smile": 0.16, "laugh": 0.13, "open": 0.08, "surprise": 0.08, "frown": 0.08, "sad": 0.06,
    "pucker": 0.06, "disgust": 0.05, "talk": 0.10, "mixed": 0.06,
}  # fmt: skip
Expression = Mapping[str, float]


def both(unit: str, value: float, difference: float = 0.0) -> dict[str, float]:
    """Return a two-sided unit such as "eye-{}-closure" on both sides, left and right `difference` apart."""
    return {
        unit.format("left"): float(np.clip(value + difference / 2, 0, 1.1)),
        unit.format("right"): float(np.clip(value - difference / 2, 0, 1.1)),
    }


def mouth_openness(expression: Expression) -> float:
    """Return how much of the mouth's inside light can reach, in [0, 1]."""
    shares = {
        "mouth-open": 1.4,
        "mouth-part-later": 0.6,
        "mouth-eversion": 0.3,
        "mouth-upward-retraction": 0.5,
        "mouth-corner-puller": 0.25,
        "mouth-retraction": 0.2,
    }
    return float(np.clip(0.05 + sum(expression.get(unit, 0.0) * share for unit, share in shares.items()), 0, 1))


def targets_of(expression: Expression, ancestry: Mapping[str, float]) -> dict[str, float]:
    """Return morph target weights: each unit exists once per base shape."""
    return {
        f"expression/units/{origin}/{unit}": weight * share
        for unit, weight in expression.items()
        for origin, share in ancestry.items()
    }


def random_expression(rng: np.random.Generator) -> tuple[dict[str, float], str]:
    """Return (expression, its kind). Lids are drawn on their own: one face in twelve has both eyes shut."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    expression = _draw(kind, rng) | _draw_lids(rng)
    return {unit: float(weight) for unit, weight in expression.items() if weight > 0}, kind


def _draw(kind: str, rng: np.random.Generator) -> dict[str, float]:
    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def pair(unit: str, low: float, high: float) -> dict[str, float]:
        return both(unit, u(low, high), float(rng.normal(0, 0.12)))

    if kind == "smile":
        parted = u(0, 0.3) if rng.random() < 0.4 else 0.0
        return {"mouth-corner-puller": u(0.3, 1), "mouth-part-later": parted, **pair("eye-{}-slit", 0, 0.4)}
    if kind == "laugh":
        teeth = {"mouth-open": u(0.05, 0.4), "mouth-upward-retraction": u(0.1, 0.5), "mouth-elevation": u(0, 0.25)}
        return {"mouth-corner-puller": u(0.6, 0.95), **teeth, **pair("eye-{}-slit", 0.1, 0.6)}
    if kind == "open":
        return {"mouth-open": u(0.3, 0.85)}
    if kind == "surprise":
        eyes = pair("eyebrows-{}-up", 0.4, 1) | pair("eye-{}-opened-up", 0.3, 1)
        return {"mouth-open": u(0.2, 0.8), **eyes}
    if kind == "frown":
        return {"mouth-compression": u(0, 0.7), **pair("eyebrows-{}-down", 0.4, 1)}
    if kind == "sad":
        return {"mouth-depression": u(0.2, 0.8), **pair("eyebrows-{}-inner-up", 0.4, 1)}
    if kind == "pucker":
        return {"mouth-pursing": u(0.3, 1), "mouth-protusion": u(0, 0.6)}
    if kind == "disgust":
        return {
            "mouth-elevation": u(0.2, 0.7),
            **pair("nose-{}-elevation", 0.4, 1),
            **pair("eyebrows-{}-down", 0.2, 0.7),
        }
    if kind == "talk":
        units = ("mouth-open", "mouth-eversion", "mouth-part-later", "mouth-pursing", "mouth-retraction")
        return {unit: u(0, 0.45) for unit in units}
    if kind == "mixed":
        chosen = rng.choice([unit for unit in UNITS if "eye-" not in unit], 4, replace=False)
        return {str(unit): u(0, 0.6) for unit in chosen}
    return {}


def _draw_lids(rng: np.random.Generator) -> dict[str, float]:
    chance = rng.random()
    if chance < 0.08:
        return both("eye-{}-closure", 1.0)
    if chance < 0.25:
        return both("eye-{}-closure", float(rng.uniform(0.1, 0.6)), float(rng.normal(0, 0.03)))
    if chance < 0.28:
        return {f"eye-{rng.choice(['left', 'right'])}-closure": 1.0}
    return {}
