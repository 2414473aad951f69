"""Parsing of seeds: 7, 3,5 or 0-9. Without torch, so that a mistake is reported at once."""

from __future__ import annotations

from faceswap.utils.errors import UserError
from faceswap.utils.limits import SEED, SEEDS_A_LIST


def seeds_of(text: str) -> list[int] | None:
    """Return the seeds of "7", "3,5", "[3,5]" or "0-9"; None for a text that is no such list.

    Raises:
        UserError: For too many, and for one that is larger than numpy's seeds are.
    """
    seeds: list[int] = []
    text = text.strip()
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    for part in inner.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not (_is_number(first) and (not dash or _is_number(last))):
            return None
        ends = int(first), int(last or first)
        if max(ends) > SEED:
            raise UserError(f"{text[:60]}: seeds are whole numbers from 0 to {SEED}")
        if not ends[0] <= ends[1] < ends[0] + SEEDS_A_LIST or len(seeds) + ends[1] - ends[0] >= SEEDS_A_LIST:
            raise UserError(f"{text[:60]}: write seeds as 0-9, at most {SEEDS_A_LIST} of them")
        seeds += range(ends[0], ends[1] + 1)
    return seeds


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18
