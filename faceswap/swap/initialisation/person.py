"""Who somebody is, in the numbers that a generic decoder is told."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import likeness
from faceswap.core.face_set import FaceSet
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.media.pictures.crops import read_crop
from faceswap.swap.initialisation.portraits import SAME_PERSON, Portrait, warn_of_strangers
from faceswap.utils.numbers import evenly_spread

THUMBNAIL_PX = 8
PERSON_SIZE = FaceEmbedder.size + 3 * THUMBNAIL_PX**2
FACES_LOOKED_AT = 32  # of a face set, spread over its time
AWAY = 0.8  # of the difference between the person on the photo and the one who performs

log = logging.getLogger(__name__)


class PersonReader:
    """Tells in 320 numbers who somebody is: their embedding, and a thumbnail of the face in colour."""

    def __init__(self, device: str = "auto", embedder: FaceEmbedder | None = None) -> None:
        self._embedder = embedder or FaceEmbedder(device)

    def read(self, images: Sequence[NDArray[np.uint8]], points: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """(n, 320) of n faces; a person is the mean of theirs. Arguments as of `FaceEmbedder.embed`."""
        views, _ = self._embedder.cut(images, points)
        size = (THUMBNAIL_PX, THUMBNAIL_PX)
        small = np.stack([cv2.resize(view, size, interpolation=cv2.INTER_AREA).reshape(-1) for view in views])
        return np.hstack([self._embedder.embed(images, points), small.astype(np.float32) / 255])

    def read_set(self, faces: FaceSet) -> NDArray[np.float32]:
        """(320,) of the person in a face set. Raises UserError for an image that cannot be read."""
        chosen = evenly_spread(len(faces), FACES_LOOKED_AT)
        points = [faces.records[index].crop_points for index in chosen]
        crops = [read_crop(faces.path(index), faces.records[index].size_px) for index in chosen]
        return self.read(crops, points).mean(0)


def person_on(portraits: Sequence[Portrait], reader: PersonReader) -> NDArray[np.float32]:
    """Return (320,) numbers that tell who is on photographs; warn of a photo that seems to show somebody else."""
    read = reader.read([portrait.image for portrait in portraits], [portrait.points for portrait in portraits])
    warn_of_strangers(portraits, read[:, : FaceEmbedder.size])
    return read.mean(0)


def warn_of_another(shown: NDArray[np.float32], known: NDArray[np.float32], what: str, name: str) -> None:
    """Warn where photographs (`what`) show somebody else than the face set `name`; both (320,) numbers of a person."""
    alike = likeness(shown[: FaceEmbedder.size], known[: FaceEmbedder.size])
    if alike < SAME_PERSON:
        log.warning("%s seems to show somebody else than the face set %s (likeness %.2f)", what, name, alike)


def away_from(person: NDArray[np.float32], performer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a person made less like the performer, of whom the encoder lets something through.

    Measured on the rendered pair `alike`, cosine to A less cosine to B: .03 without, .20 with half of the difference,
    .35 with all of it; the error of landmarks grows from 1.46 to 1.58 and 1.67 %.
    """
    return person + AWAY * (person - performer)
