"""Pairs of pictures, before and after something of a face was moved by a known amount: a folder with pairs.csv.

    before,after,person,smile,glasses
    anna1.jpg,anna2.jpg,anna,1,
    anna1.jpg,anna3.jpg,anna,,1
    ben1.jpg,ben2.jpg,ben,-0.5,1

Each column but the first ones is a factor; a number says by how much it is moved, in whatever unit, nothing or 0 that
it is not. Pictures lie in the folder; where it holds seen.npy (packed style crops), before and after are rows of that.
Without a column person, pairs that share a picture are taken for one person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.stylegan.data.packed import SEEN_FILE
from faceswap.utils.errors import UserError
from faceswap.utils.limits import DIRECTIONS_A_FILE, TABLE_BYTES
from faceswap.utils.untrusted.tables import read_table

PAIRS_FILE = "pairs.csv"
FEWEST_PAIRS = 4  # that move a factor
_PLAIN = ("before", "after", "person")


@dataclass(frozen=True, eq=False)
class Pairs:
    """N pairs: `pictures` (M) by name, `before` and `after` (N,) places among them.

    `steps` (N, K) of the factors `names`, 0 where one is not moved; `people` (N,) whose the pairs are; `folder` where
    the pictures lie; `packed` whether their names count rows of seen.npy.
    """

    folder: Path
    names: Sequence[str]
    pictures: Sequence[str]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    steps: NDArray[np.float64]
    people: NDArray[np.str_]
    packed: bool

    def __len__(self) -> int:
        return len(self.steps)

    def chosen(self, kept: NDArray) -> Pairs:
        """Return the pairs at some places (a mask or indices) of the same pictures."""
        return Pairs(
            self.folder, self.names, self.pictures, self.before[kept], self.after[kept], self.steps[kept],
            self.people[kept], self.packed,
        )  # fmt: skip

    def check(self) -> Pairs:
        """Return the pairs themselves.

        Raises:
            UserError: A factor is moved in too few of them, or always together with another.
        """
        where = self.folder / PAIRS_FILE
        for name, moved in zip(self.names, (self.steps != 0).sum(0).tolist(), strict=True):
            if moved < FEWEST_PAIRS:
                raise UserError(
                    f"{where}: '{name}' is moved in {moved} pair{'s' * (moved != 1)}; at least {FEWEST_PAIRS} are "
                    "needed (dozens, of many people, to leave the rest of a face alone)"
                )
        scaled = self.steps / np.sqrt((self.steps**2).mean(0))
        strength, axes = np.linalg.eigh(scaled.T @ scaled / len(scaled))
        if strength[0] < 1e-3 * strength[-1]:
            bound = [name for name, share in zip(self.names, np.abs(axes[:, 0]), strict=True) if share > 0.2]
            raise UserError(f"{where}: {' and '.join(bound)} are always moved together: add pairs that move one alone")
        return self


def read_pairs(folder: Path, only: Sequence[str] | None = None) -> Pairs:
    """Return the pairs of a folder; with `only`, those that move no other factors.

    Raises:
        UserError: There is no table, it does not say what it must, or `check` finds too little in it.
    """
    path = folder / PAIRS_FILE
    if not path.is_file():
        raise UserError(f"pairs={folder}: there is no {PAIRS_FILE} in it, a table before,after,FACTOR,... of pictures")
    rows = read_table(path, TABLE_BYTES)
    if not rows or not {"before", "after"} <= set(rows[0]):
        raise UserError(
            f"{path}: its first line must name the columns before, after and a factor, and pairs must follow"
        )
    factors = [name for name in rows[0] if name and name not in _PLAIN]
    names = list(only) if only else factors
    for name in names:
        if name not in factors:
            raise UserError(f"attributes: {path} has no factor '{name}' (there are: {', '.join(sorted(factors))})")
    if not 0 < len(names) <= DIRECTIONS_A_FILE:
        raise UserError(f"{path} has {len(names)} factors; accepted are 1 to {DIRECTIONS_A_FILE} columns of numbers")
    table = np.array([[_step(path, number, name, row[name]) for name in factors] for number, row in enumerate(rows, 2)])
    chosen = [factors.index(name) for name in names]
    others = np.delete(table, chosen, 1)
    kept = (table[:, chosen] != 0).any(1) & ~(others != 0).any(1)
    rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
    packed = (folder / SEEN_FILE).is_file()
    before, after = ([_picture(path, row[side], packed) for row in rows] for side in ("before", "after"))
    pictures = list(dict.fromkeys([*before, *after]))
    place = {name: number for number, name in enumerate(pictures)}
    of_before, of_after = (np.array([place[name] for name in side], np.int64) for side in (before, after))
    people = [row.get("person", "") for row in rows]
    named = np.array(people) if all(people) else _groups(of_before, of_after, len(pictures))
    return Pairs(folder, names, pictures, of_before, of_after, table[kept][:, chosen], named, packed).check()


def _step(path: Path, number: int, name: str, text: str) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UserError(f"{path}: row {number}, '{name}': {text[:40]} is no number by which it is moved")
    return value


def _picture(path: Path, name: str, packed: bool) -> str:
    if packed:
        if not (name.isdecimal() and len(name) < 10):
            raise UserError(f"{path}: before and after count rows of {SEEN_FILE} beside it, not '{name[:40]}'")
        return name
    if not name or not (path.parent / name).is_file():
        raise UserError(f"{path}: there is no picture '{name[:80]}' in its folder")
    return name


def _groups(before: NDArray, after: NDArray, count: int) -> NDArray[np.str_]:
    """Return whose each pair is, where nobody says: the pictures that pairs join are one person's."""
    whose = np.arange(count)
    while True:
        least = np.minimum(whose[before], whose[after])
        joined = whose.copy()
        np.minimum.at(joined, before, least)
        np.minimum.at(joined, after, least)
        if (joined == whose).all():
            return whose[before].astype(str)
        whose = joined
