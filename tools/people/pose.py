"""A figure with its expression on and its head turned: what all parts are hung on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.people.figure import Figure
from tools.people.moment import Moment
from tools.people.rotation import rotation, turn
from tools.people.wardrobe import Wardrobe


@dataclass(frozen=True, eq=False)
class Pose:
    """`base` (V, 3) base vertices with the expression, the head still unturned.

    `turn` (3, 3) the head's rotation about `pivot` (3,).
    """

    wardrobe: Wardrobe
    figure: Figure
    moment: Moment
    base: NDArray[np.float32]
    pivot: NDArray[np.float32]
    turn: NDArray[np.float64]

    def carry(self, points: NDArray[np.float32], shares: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return points (n, 3) beside the unturned head into the world.

        `shares` (n,) of the turn, 1 where not given.
        """
        everything = np.ones(len(points), np.float32) if shares is None else shares
        return turn(points, everything, self.turn, self.pivot)

    def proxy(self, name: str, back: float = 0.0) -> NDArray[np.float32]:
        """Return a proxy's source vertices in the world, set `back` by some dm."""
        head = self.wardrobe.head
        still = head.bindings[name].fit(self.base) - np.array([0, 0, back], np.float32)
        return self.carry(still, head.share_of(name))


@dataclass(frozen=True, eq=False)
class PosedBody:
    """`positions` (body vertices, 3) of the skin in the world, `occlusion` (body vertices,).

    `normals` (drawn vertices, 3).
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    occlusion: NDArray[np.float32]


def strike(wardrobe: Wardrobe, figure: Figure, moment: Moment) -> Pose:
    """Return the figure in its moment."""
    base = figure.express(wardrobe.head, moment.expression)
    return Pose(wardrobe, figure, moment, base, wardrobe.head.pivot(base), rotation(*moment.head))
