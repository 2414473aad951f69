"""Settings objects are held to their declarations when they are made, wherever that is."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from faceswap.utils.settings.options import DeclaredSettings, option


@dataclass(frozen=True)
class BrushConfig(DeclaredSettings):
    _section_: ClassVar[str] = "brush"
    width: float = option(0.5, "width", minimum=0, maximum=1)
    steps: int | None = option(None, "steps", minimum=2)
    shape: str = option("round", "shape", choices=("round", "flat"))


class Brush(BrushConfig):
    """Takes its settings and their checks from the declaration."""


@pytest.mark.parametrize(
    ("change", "says"),
    [({"width": 1.5}, r"brush\.width must be in \[0, 1\], not 1.5"), ({"width": math.nan}, r"brush\.width"),
     ({"steps": 1}, r"brush\.steps must be 2 or more, not 1"), ({"shape": "square"}, "one of round, flat, not square")],
)  # fmt: skip
def test_values_out_of_their_declaration_are_refused(change, says):
    with pytest.raises(ValueError, match=says):
        Brush(**change)
    with pytest.raises(ValueError, match=says):
        replace(Brush(), **change)


def test_what_is_declared_stands():
    assert Brush(steps=2) == Brush(0.5, 2, "round")
