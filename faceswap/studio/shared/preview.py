"""Single frames of films as convert makes them; what does not change from one setting to the next is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceswap.cli.composing.compose import compose_config
from faceswap.compositing.preview.frames import PASTING, PreviewFrames
from faceswap.core.face_set import ALIGNMENTS, TAKEN_OUT
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace

if TYPE_CHECKING:
    from faceswap.compositing.masks.parsing import SharedParser

FRAMES_KEPT = 3  # with those around each, drawn


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame (H, W, 3) uint8 RGB as convert makes it, and the metadata that tell of it, as of a result."""

    image: NDArray[np.uint8]
    about: Mapping[str, str]


class ConvertPreview:
    """Draws frames of films with runs of a workspace; one at a time.

    Each is what the film has in that place: convert draws it with those around it, since places, masks and colours are
    steadied over time. What pastes the faces is asked anew for each choice; what draws them only where that changes.

    Args:
        workspace: Where the runs lie.
        device: auto, cpu, cuda or cuda:N.
    """

    def __init__(self, workspace: Workspace, device: str = "auto") -> None:
        self.workspace = workspace
        self.device = device
        self._lock = threading.Lock()
        self._frames: OrderedDict[tuple[Any, ...], PreviewFrames] = OrderedDict()
        self._models: dict[Any, Any] = {}
        self._parsers: set[SharedParser] = set()
        self._stamp = 0

    def frame(self, film: Path, index: int, settings: Sequence[str]) -> Shown:
        """Return a frame of a film with its faces swapped.

        Args:
            film: The film.
            index: The frame's number.
            settings: What convert is told, as NAME=VALUE: run= or map= among them.

        Raises:
            UserError: There is no such run, film or frame, or a setting is wrong.
        """
        with self._lock:
            frames = self._kept(film, index, settings)
            self._make(film, settings, frames)
            if index not in frames.made:
                raise UserError(f"{film.name} has no frame {index} that can be read")
            return Shown(frames.made[index], frames.about)

    def _kept(self, film: Path, index: int, settings: Sequence[str]) -> PreviewFrames:
        """The frame with those around it, from memory where its faces are drawn already."""
        if (stamp := self._newest()) != self._stamp:  # a run learned more, or faces were repaired
            self._frames.clear()
            self._models.clear()
            self._stamp = stamp
        drawing = tuple(sorted(one for one in settings if one.split("=")[0].split(".")[0] not in PASTING))
        key = (str(film), film.stat().st_mtime_ns, index, drawing)
        found = self._frames.pop(key, None) or PreviewFrames(
            1, chosen=[index], models=self._models, parsers=self._parsers, label=""
        )
        self._frames[key] = found
        while len(self._frames) > FRAMES_KEPT:
            self._frames.popitem(last=False)
        return found

    def _make(self, film: Path, settings: Sequence[str], frames: PreviewFrames) -> None:
        from faceswap.commands.converting.conversion import FilmConversion

        said = [f"workspace={self.workspace.root}", f"video={film}", f"device={self.device}", *settings]
        FilmConversion(compose_config("convert", said), preview=frames).run()

    def _newest(self) -> int:
        """Tell when a run or a face set of the workspace changed last."""
        root = self.workspace.root
        places = (
            *root.glob("runs/*/checkpoints/*"),
            *root.glob(f"faces/*/{ALIGNMENTS}"),
            *root.glob(f"faces/*/{TAKEN_OUT}"),
        )
        return hash(tuple(sorted((str(path), _changed(path)) for path in places)))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # a training drops checkpoints
        return 0


def frame_count(film: Path) -> int:
    """Return how many frames a film has. Raises UserError when it is none."""
    from faceswap.media.sources import probe

    count = probe(film).frame_count
    if not count:
        raise UserError(f"{film.name} does not tell how many frames it has")
    return count
