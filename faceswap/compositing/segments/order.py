"""What a conversion is told about its segments: what they depend on, and who makes which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from faceswap.compositing.segments.work_folder import WorkFolder

Here = Callable[[int, Callable[[int], None]], None]  # makes one segment in this process, and tells of its frames


class Spreading(Protocol):
    """Has segments made by several processes; returns when they are there."""

    def __call__(self, folder: WorkFolder, numbers: Sequence[int], passed: Callable[[int], None], here: Here) -> None:
        """Make the segments of these numbers, some of them `here`; `passed` is told of frames as they are made."""
        ...


@dataclass(frozen=True)
class Unit:
    """Segments that this process makes of a film that another one puts together.

    Attributes:
        folder: The work folder.
        numbers: Of the segments, rising; those that others take meanwhile are left to them.
        who: Makes them, a name.
    """

    folder: Path
    numbers: Sequence[int]
    who: str = "here"


@dataclass(frozen=True)
class Order:
    """What a conversion is told about its segments.

    Attributes:
        made_with: All that they depend on, plain values; None: not known, so that nothing is kept after a stop.
        spread: Who makes them; None: this process, one after the other.
        unit: These alone are made, and no result.
    """

    made_with: Mapping[str, Any] | None = None
    spread: Spreading | None = None
    unit: Unit | None = None
