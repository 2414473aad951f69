"""The protocol of face finders, and batching of frames for them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from faceswap.core.values import Face, Frame
from faceswap.utils.limits import FACES_A_FRAME

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo


LARGEST_BATCH_BYTES = 64 << 20

log = logging.getLogger(__name__)


class Finder(Protocol):
    """Finds the faces in frames. A finder is any class with plain keyword arguments that offers these four."""

    @property
    def batch_size(self) -> int:
        """How many frames `find` likes to get at once."""
        ...

    @property
    def description(self) -> str:
        """One line that tells what finds and with which weights or file; another text means other results."""
        ...

    def prepare(self, source: SourceInfo) -> None:
        """Load weights or files; called once before the first frame.

        Raises:
            UserError: They are missing.
        """
        ...

    def find(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """Return the faces of each frame in frame pixels; frames may differ in size."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """A finder whose answers depend on the frames before: it can tell where it is, and be put there again."""

    def state(self) -> dict[str, Any]:
        """Return where it is after the frames it was given, as plain values for JSON."""
        ...

    def restore(self, state: Any, last: Frame | None) -> None:
        """Go on from a `state` after the frame `last` (None: it is gone), after `prepare`.

        Raises ValueError, KeyError or TypeError for what is no state.
        """
        ...


def batches(finder: Finder, frames: Iterable[Frame]) -> Iterator[list[tuple[Frame, list[Face]]]]:
    """Yield each frame with its faces, in order.

    `finder.batch_size` frames are held, fewer where they are very large.
    """
    batch: list[Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) >= finder.batch_size or sum(held.image.nbytes for held in batch) >= LARGEST_BATCH_BYTES:
            yield list(zip(batch, map(_bounded, finder.find(batch)), strict=True))
            batch = []
    if batch:
        yield list(zip(batch, map(_bounded, finder.find(batch)), strict=True))


def _bounded(faces: list[Face]) -> list[Face]:
    """Return the largest faces of a frame, in the order they came: more than are accepted would take gigabytes."""
    if len(faces) <= FACES_A_FRAME:
        return faces
    log.warning("%d faces in one frame: the %d largest are taken", len(faces), FACES_A_FRAME)
    sides = [float((face.box[2:] - face.box[:2]).max()) for face in faces]
    chosen = sorted(range(len(faces)), key=lambda index: -sides[index])[:FACES_A_FRAME]
    return [faces[index] for index in sorted(chosen)]


def find_in_batches(finder: Finder, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[Face]]]:
    """Yield the frames of all `batches`."""
    for batch in batches(finder, frames):
        yield from batch
