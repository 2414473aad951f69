"""Edges of masks that change along a film: `erode` and `feather` by keyframes."""

from __future__ import annotations

import copy
from typing import Self

from faceswap.utils.settings.keyframes import Keyframes

EDGES = ("erode", "feather")
LARGEST_EDGE = 0.5


class EdgeCourse:
    """What masks have in common whose edges are settings, each a number or keyframes '{0: 0, 120: 0.1}'."""

    erode: float | str
    feather: float | str

    def at(self, frame: int) -> Self:
        """Return the mask as it is at a frame; what it has seen of a film stays one for all of them."""
        courses = self.courses()
        if not courses:
            return self
        here = copy.copy(self)
        for name, course in courses.items():
            object.__setattr__(here, name, course.at(frame))  # masks are frozen
        return here

    def courses(self) -> dict[str, Keyframes]:
        """Return the edges that are said by frames."""
        said = {name: getattr(self, name) for name in EDGES}
        return {
            name: Keyframes.read(f"mask.{name}", value, LARGEST_EDGE)
            for name, value in said.items()
            if isinstance(value, str)
        }

    def edge_px(self, size_px: float) -> tuple[float, float]:
        """Return `erode` and `feather` in the pixels of a face of that size.

        Raises:
            ValueError: They change along the film, and this mask is not of one frame (`at`).
        """
        return float(self.erode) * size_px, float(self.feather) * size_px
