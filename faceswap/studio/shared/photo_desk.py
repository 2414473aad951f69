"""Pictures of edited and mixed faces as edit and morph make them; what is known of a photo is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.cli.composing.compose import compose_config
from faceswap.utils.errors import UserError

_KEPT = 8  # photos, and pairs of photos


@dataclass(frozen=True, eq=False)
class Made:
    """A picture (H, W, 3) uint8 RGB, and the metadata that tell of it, as of a result."""

    image: NDArray[np.uint8]
    about: Mapping[str, str]


class PhotoDesk:
    """Draws one picture at a time. The first of a photo takes seconds: its code is searched; then it is known.

    Args:
        device: auto, cpu, cuda or cuda:N.
    """

    def __init__(self, device: str = "auto") -> None:
        self._device = device
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._tools: dict[str, Any] = {}

    def edited(self, photo: Path, moves: Mapping[str, str]) -> Made:
        """Return a photo after moves along directions, as edit writes it.

        Args:
            photo: The photo.
            moves: Strengths in sigmas by the names of directions; none: the photo as it is.

        Raises:
            UserError: It shows no face, or a direction or strength is wrong.
        """
        from faceswap.commands.edit import Work, photos_of, tools_of
        from faceswap.compositing.colour import ColourSmoother
        from faceswap.config.build import build
        from faceswap.media.sources import probe
        from faceswap.provenance.notice import COMPOSITE
        from faceswap.stylegan.editing.edits import read_edits
        from faceswap.stylegan.editing.pasting import Paster
        from faceswap.stylegan.editing.photos import edited
        from faceswap.stylegan.inversion.pipeline import made_with_ai
        from faceswap.stylegan.weights.files import generator_hash

        said = [f"photo={photo}", f"device={self._device}", *(f"{name}={value}" for name, value in moves.items())]
        request = compose_config("edit", said)
        with self._lock:
            inverter, known = self._tool("edit", lambda: tools_of(request))
            paster = Paster(
                build(request.mask), build(request.colour), build(request.blender), request.paste, ColourSmoother(0.0)
            )
            work = Work(request, probe(photo), None, inverter, known, paster)
            inverted = self._of(("edit", *_stamp(photo)), lambda: next(iter(photos_of(work))))
            edits = read_edits(request.edits, known, request.clamp)
            frame = edited(inverter.generator, inverted, edits, paster) if edits else inverted.frame
            about = made_with_ai(generator_hash(inverter.generator), "faces in this work were edited", COMPOSITE)
        return Made(frame.image, about)

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
        from faceswap.commands.morph import shares_of, subjects_of
        from faceswap.provenance.notice import COMPOSITE, GENERATED
        from faceswap.stylegan.inversion.pipeline import made_with_ai
        from faceswap.stylegan.morphing.results import carried_morph, child_of
        from faceswap.stylegan.weights.files import generator_hash

        if not 0 <= way <= 1:
            raise UserError("the way goes from 0 to 1")
        request = compose_config("morph", [f"a={first}", f"b={second}", f"device={self._device}"])
        with self._lock:
            reader = self._tool("morph", lambda: subjects_of(request))
            one, other = (
                self._of(("morph", *_stamp(photo)), partial(reader.one, str(photo), "photo"))
                for photo in (first, second)
            )
            generator = reader.inverter.generator
            tag = generator_hash(generator)
            if is_child:
                image = child_of(generator, one, other, shares_of(None, way), request.size_px)
                return Made(image, made_with_ai(tag, source_type=GENERATED))
            pair = ("way", *_stamp(first), *_stamp(second))
            carried = self._of(pair, lambda: carried_morph(generator, one, other, request))
            assert carried is not None
            return Made(carried(way), made_with_ai(tag, "faces in this work were put together from two", COMPOSITE))

    def _tool(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._tools:
            self._tools[name] = make()
        return self._tools[name]

    def _of(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        found = self._known.pop(key) if key in self._known else make()
        self._known[key] = found
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found


def _stamp(photo: Path) -> tuple[str, int]:
    return str(photo), photo.stat().st_mtime_ns
