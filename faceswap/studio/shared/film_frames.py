"""Single frames of films as they were filmed; those around one that was asked for are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from faceswap.core.values import Frame
from faceswap.media.reading import read_frames
from faceswap.media.sources import SourceInfo, probe
from faceswap.utils.errors import UserError

BEFORE, AFTER = 4, 12  # frames that are kept with one that is asked for
KEPT_BYTES = 400e6  # of all frames together


class FilmFrames:
    """Reads frames by their number. A film is read from its start, so neighbours come with each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: OrderedDict[tuple[str, int, int], Frame] = OrderedDict()
        self._infos: dict[tuple[str, int], SourceInfo] = {}

    def info(self, film: Path) -> SourceInfo:
        """Return what a film is. Raises UserError when it is none."""
        key = (str(film), film.stat().st_mtime_ns)
        if key not in self._infos:
            self._infos[key] = probe(film)
        return self._infos[key]

    def frame(self, film: Path, index: int) -> Frame:
        """Return a frame.

        Args:
            film: A film, picture or folder of pictures.
            index: Its number, from 0.

        Raises:
            UserError: There is no such frame.
        """
        stamp = film.stat().st_mtime_ns
        with self._lock:
            if (str(film), stamp, index) not in self._frames:
                self._read(film, stamp, index)
            return self._frames[str(film), stamp, index]

    def _read(self, film: Path, stamp: int, index: int) -> None:
        info = self.info(film)
        count = info.frame_count
        if index < 0 or (count is not None and index >= count):
            raise UserError(f"{film.name} has no frame {index}: its last is number {(count or 1) - 1}")
        for frame in read_frames(info, max(0, index - BEFORE), index + AFTER):
            self._frames[str(film), stamp, frame.index] = frame
        if (str(film), stamp, index) not in self._frames:
            raise UserError(f"frame {index} of {film.name} cannot be read")
        self._frames.move_to_end((str(film), stamp, index))
        while sum(one.image.nbytes for one in self._frames.values()) > KEPT_BYTES and len(self._frames) > 1:
            self._frames.popitem(last=False)
