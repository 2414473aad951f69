"""Pictures of edited and mixed faces as edit and morph make them; what is known of a photo is kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from faceswap.studio.shared.photo_memory import Made, PhotoMemory
from faceswap.utils.errors import UserError


class PhotoDesk:
    """Draws one picture at a time. The first of a photo takes seconds: its code is searched; then it is known.

    Args:
        device: auto, cpu, cuda or cuda:N.
    """

    def __init__(self, device: str = "auto") -> None:
        self._lock = threading.Lock()
        self._memory = PhotoMemory(device)

    def edited(self, photo: Path, moves: Mapping[str, str]) -> Made:
        """Return a photo after moves along directions, as edit writes it.

        Args:
            photo: The photo.
            moves: Strengths in sigmas by the names of directions; none: the photo as it is.

        Raises:
            UserError: It shows no face, or a direction or strength is wrong.
        """
        with self._lock:
            made: Made = _drawing().draw_edited(self._memory, photo, moves)
        return made

    def between(self, first: Path, second: Path, way: float, *, is_child: bool = False) -> Made:
        """Return a face on the way from one photo to another as morph films it, or their child.

        Args:
            first: A photo.
            second: A photo.
            way: From 0, the first, to 1, the second; of a child the second one's share.
            is_child: Whether the child is wanted.

        Raises:
            UserError: A photo shows no face.
        """
        if not 0 <= way <= 1:
            raise UserError("the way goes from 0 to 1")
        with self._lock:
            made: Made = _drawing().draw_between(self._memory, first, second, way, is_child=is_child)
        return made


def _drawing() -> ModuleType:
    from faceswap.studio.shared import photo_drawing  # brings torch with it, which no page needs before

    return photo_drawing
