"""What the photo desk remembers: the networks, and what was found out about the last photos."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = 8  # photos, and pairs of photos


@dataclass(frozen=True, eq=False)
class Made:
    """A picture (H, W, 3) uint8 RGB, and the metadata that tell of it, as of a result."""

    image: NDArray[np.uint8]
    about: Mapping[str, str]


class PhotoMemory:
    """Remembers what takes seconds to make.

    Args:
        device: Where it is made: auto, cpu, cuda or cuda:N.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        self._known: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._tools: dict[str, Any] = {}

    def tool(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what has a name, made the first time."""
        if name not in self._tools:
            self._tools[name] = make()
        return self._tools[name]

    def of(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Return what is known by a key, made where it is not known, or not any more."""
        found = self._known.pop(key) if key in self._known else make()
        self._known[key] = found
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found


def stamp(photo: Path) -> tuple[str, int]:
    """Return what tells a photo from others, and from what its file was before."""
    return str(photo), photo.stat().st_mtime_ns
