"""One frame of a film as convert would make it; what does not change from one setting to the next is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.cli.composing.compose import compose_config
from faceswap.compositing.preview.frames import PASTING
from faceswap.config.build import build
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace

FRAMES_KEPT = 12
PLUGINS = ("mask", "colour", "blender")  # of what pastes the face


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A frame with its faces' views and what the model has drawn of them."""

    frame: Any
    views: Sequence[Any]
    decoded: Any
    tracks: Sequence[int]


class ConvertPreview:
    """Draws frames of films with a run of a workspace; one at a time.

    Args:
        workspace: Where the run lies.
        device: auto, cpu, cuda or cuda:N.
    """

    def __init__(self, workspace: Workspace, device: str = "auto") -> None:
        self.workspace = workspace
        self.device = device
        self._lock = threading.Lock()
        self._swappers: dict[tuple[str, int], Any] = {}
        self._drawn: OrderedDict[tuple[Any, ...], _Drawn] = OrderedDict()
        self._built: dict[tuple[Any, ...], Any] = {}

    def frame(self, run: str, film: Path, index: int, settings: Sequence[str]) -> tuple[NDArray, NDArray]:
        """Return a frame of a film (H, W, 3) as it was filmed, and as convert would make it.

        Args:
            run: The run's name.
            film: The film.
            index: The frame's number.
            settings: What convert is told, as NAME=VALUE.

        Raises:
            UserError: There is no such run, film or frame, or a setting is wrong.
        """
        from faceswap.compositing.compositor import blend

        with self._lock:
            drawn = self._draw(run, film, index, settings)
            if drawn.decoded is None:
                return drawn.frame.image, drawn.frame.image
            config = self._pasting(settings, (str(film), index))
            made = blend(
                drawn.frame, drawn.views, drawn.decoded, mask=config["mask"], colour=config["colour"],
                blender=config["blender"], tracks=drawn.tracks, finish=config["finish"],
            )  # fmt: skip
            return drawn.frame.image, made.image

    def _draw(self, run: str, film: Path, index: int, settings: Sequence[str]) -> _Drawn:
        """The frame with its faces drawn, from memory where it can be."""
        drawing = tuple(sorted(one for one in settings if one.split("=")[0].split(".")[0] not in PASTING))
        folder = self.workspace.existing_run(run)
        stamp = max((path.stat().st_mtime_ns for path in folder.glob("checkpoints/*")), default=0)
        key = (run, stamp, str(film), film.stat().st_mtime_ns, index, drawing)
        if key in self._drawn:
            self._drawn.move_to_end(key)
            return self._drawn[key]
        drawn = self._drawn[key] = self._drawn_anew(run, stamp, film, index, drawing)
        while len(self._drawn) > FRAMES_KEPT:
            self._drawn.popitem(last=False)
        return drawn

    def _drawn_anew(self, run: str, stamp: int, film: Path, index: int, drawing: Sequence[str]) -> _Drawn:
        from faceswap.compositing.compositor import view_of
        from faceswap.compositing.face_sources.filling import face_source_for
        from faceswap.film_faces import stored_faces, usual_finder
        from faceswap.media.reading import read_frames
        from faceswap.media.sources import probe
        from faceswap.swappers import trained_model

        said = [f"workspace={self.workspace.root}", f"run={run}", f"device={self.device}", *drawing]
        config = compose_config("convert", said)
        info = probe(film)
        model = trained_model(config, self.workspace)
        if (run, stamp) not in self._swappers:
            self._swappers = {(run, stamp): model.load(info)}  # one model at a time in memory
        swapper = self._swappers[run, stamp]
        shown, performing = (model.a, model.b) if config.to == "a" else (model.b, model.a)
        stored = stored_faces("", info, self.workspace, performing)
        finder = None if stored else usual_finder(info, self.workspace)
        source = face_source_for(info, stored, finder, config.tracks, 0, 0, index, index + 1)
        frame, faces = next(iter(source.locate(read_frames(info, index, index + 1))))
        views = [
            view_of(frame, face.points, face.frame_to_crop, face.crop_size_px, swapper.coverage, swapper.resolution)
            for face in faces
        ]
        tracks = [face.track for face in faces]
        if not views:
            return _Drawn(frame, views, None, tracks)
        decoded = swapper.swap(np.stack([view.image for view in views]), to=config.to)
        refiner = build(config.detail).refiner(
            self.workspace.faces(shown), swapper.resolution, self.device, model.photos
        )
        if refiner is not None:
            views, decoded = refiner.refine(views, decoded, tracks, [index] * len(views))
        return _Drawn(frame, views, decoded, tracks)

    def _pasting(self, settings: Sequence[str], place: tuple[str, int]) -> dict[str, Any]:
        """What pastes the face; built anew for each frame, since a mask that sees films remembers the one before."""
        from faceswap.compositing.finishing.finish import Finish

        asked = [one for one in settings if one.split("=")[0].split(".")[0] in PASTING]
        key = (place, *sorted(asked))
        if key not in self._built:
            config = compose_config("convert", asked)
            if len(self._built) > 100:
                self._built.clear()
            finish = Finish(config.sharpen, grain=config.grain)
            self._built[key] = {name: build(getattr(config, name)) for name in PLUGINS} | {"finish": finish}
        return self._built[key]


def frame_count(film: Path) -> int:
    """Return how many frames a film has. Raises UserError when it is none."""
    from faceswap.media.sources import probe

    count = probe(film).frame_count
    if not count:
        raise UserError(f"{film.name} does not tell how many frames it has")
    return count
