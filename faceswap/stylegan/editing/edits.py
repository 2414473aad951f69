"""Edits of faces: directions with strengths in sigmas as the user gives them, constant or ramped over frames."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from faceswap.stylegan.directions.directions import Direction, DirectionSet, move
from faceswap.utils.errors import UserError
from faceswap.utils.limits import EDIT_SIGMAS

OVERDRIVE = 3.0  # sigmas; nearly all of the generator's faces lie nearer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DirectionEdit:
    """A direction and the strengths in sigmas at the first and at the last frame."""

    direction: Direction
    first: float
    last: float

    @property
    def is_ramp(self) -> bool:
        """Whether the strength changes on the way."""
        return self.first != self.last


def read_edits(asked: Mapping[str, str], known: DirectionSet, clamp: bool) -> list[DirectionEdit]:
    """Parse edits such as `smile=+1.5 age=0:2`; strengths beyond OVERDRIVE are warned of, or clamped with `clamp`.

    Raises:
        UserError: For a direction that is not there and for a strength that is no number.
    """
    edits = []
    for name, text in asked.items():
        first, last = _strengths(name, str(text), known)
        strongest = max(abs(first), abs(last))
        if strongest > OVERDRIVE:
            if clamp:
                first, last = (max(-OVERDRIVE, min(OVERDRIVE, value)) for value in (first, last))
            log.warning(
                "%s=%s is beyond %g sigmas, where the generator has hardly been: %s",
                name,
                text,
                OVERDRIVE,
                "cut to it" if clamp else "the face may fall apart; clamp=true keeps within",
            )
        edits.append(DirectionEdit(known[name], first, last))
    return edits


def apply_edits(rows: Tensor, edits: Sequence[DirectionEdit], shares: Sequence[float]) -> Tensor:
    """Return codes (N, rows, w_size) after all edits; `shares[i]` in [0, 1] is the position of code i in the film."""
    done = torch.tensor(list(shares), dtype=rows.dtype, device=rows.device)
    for edit in edits:
        rows = move(rows, edit.direction, edit.first + (edit.last - edit.first) * done)
    return rows


def _strengths(name: str, text: str, known: DirectionSet) -> tuple[float, float]:
    first, colon, last = text.partition(":")
    try:
        values = float(first), float(last if colon else first)
    except ValueError:
        values = math.nan, math.nan
    if not all(abs(value) <= EDIT_SIGMAS for value in values):
        about = "" if name in known.directions else f"; edit has no setting and no direction '{name}'"
        raise UserError(
            f"{name}={text[:60]}: a strength is a number of sigmas such as +1.5, or for a video a ramp such as 0:2"
            f"{about}"
        )
    return values
