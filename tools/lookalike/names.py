"""Invented first names: of syllables, each once, the same every time."""

from __future__ import annotations

import random

STARTS = ("Al", "Bel", "Cor", "Dan", "El", "Fer", "Gal", "Hal", "Ir", "Jor", "Kel", "Lor", "Mar", "Nel", "Or", "Per",
          "Quin", "Ras", "Sel", "Tam", "Ul", "Ver", "Wil", "Yor", "Zan", "Bri", "Dre", "Fla", "Gre", "Sta")  # fmt: skip
MIDDLES = ("a", "e", "i", "o", "u", "ade", "avi", "eno", "ili", "ori", "ume", "isa", "ova", "eli")
FEMALE_ENDS = ("na", "ra", "la", "via", "lisse", "mia", "ria", "tha", "wen", "nelle")
MALE_ENDS = ("n", "r", "nd", "ric", "mo", "las", "ton", "vik", "rius", "dor")


def invented_names(is_female: list[bool], seed: int = 7) -> list[str]:
    """Return a name for each person, no two the same.

    Args:
        is_female: Which kind of ending each gets.
        seed: Another one: other names.
    """
    chance = random.Random(seed)
    taken: set[str] = set()
    names = []
    for female in is_female:
        name = ""
        while not name or name in taken:
            name = chance.choice(STARTS) + chance.choice(MIDDLES) + chance.choice(FEMALE_ENDS if female else MALE_ENDS)
        taken.add(name)
        names.append(name)
    return names
