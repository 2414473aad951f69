"""The people of a gallery who are most and least alike a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.lookalike.calibration import Calibration
from faceswap.lookalike.gallery import Gallery, Photo
from faceswap.utils.errors import UserError


@dataclass(frozen=True, eq=False)
class Match:
    """A person of a gallery beside a face.

    Attributes:
        name: Who.
        photo: The photo of them that is most alike.
        cosine: Of the two embeddings, [-1, 1].
        likeness_percent: How likely it is one person, were both answers as likely before; [0, 100].
        closer_than_percent: The share of pairs of strangers that are less alike; [0, 100].
    """

    name: str
    photo: Photo
    cosine: float
    likeness_percent: float
    closer_than_percent: float

    def plain(self) -> dict[str, Any]:
        """Return it as values for JSON."""
        return {
            "name": self.name,
            "likeness_percent": round(self.likeness_percent, 2),
            "closer_than_percent_of_strangers": round(self.closer_than_percent, 1),
            "cosine": round(self.cosine, 4),
            "file": self.photo.file,
        }


@dataclass(frozen=True, eq=False)
class Matches:
    """The `nearest` people, the most alike first, and the `farthest`, the least alike first."""

    nearest: tuple[Match, ...]
    farthest: tuple[Match, ...]


class GallerySearch:
    """Searches a gallery; every photo is compared, which for 100,000 takes a core some milliseconds.

    Args:
        gallery: The people.
        calibration: Turns cosines into per cent.
    """

    def __init__(self, gallery: Gallery, calibration: Calibration) -> None:
        self.gallery = gallery
        self.calibration = calibration
        # (128, N): along the photos a product runs through memory in long strides, twice as fast as one face at a time.
        self._codes = np.ascontiguousarray(gallery.codes().T)
        people = np.array([photo.person for photo in gallery.photos])
        self._firsts = np.flatnonzero(np.diff(people, prepend=-1))

    def match(self, code: NDArray[np.float32], top: int = 3) -> Matches:
        """Return the `top` nearest and farthest people; each counts by the most alike of their photos.

        Args:
            code: (128,) unit vector of the face.
            top: How many of each; fewer where the gallery has fewer people.
        """
        cosines = np.asarray(code, np.float32) @ self._codes
        has_one_each = len(self._firsts) == len(cosines)
        best = cosines if has_one_each else np.maximum.reduceat(cosines, self._firsts)
        count = min(top, len(best))
        nearest = _first(-best, count)
        farthest = _first(best, count)
        return Matches(
            tuple(self._told(one, cosines) for one in nearest), tuple(self._told(one, cosines) for one in farthest)
        )

    def _told(self, person: int, cosines: NDArray[np.float32]) -> Match:
        start = int(self._firsts[person])
        stop = int(self._firsts[person + 1]) if person + 1 < len(self._firsts) else len(cosines)
        place = start + int(cosines[start:stop].argmax())
        cosine = float(np.clip(cosines[place], -1, 1))
        percent = float(self.calibration.likeness_percent(np.array(cosine)))
        closer = float(self.calibration.closer_than_percent(np.array(cosine)))
        return Match(self.gallery.names[person], self.gallery.photos[place], cosine, percent, closer)


def refuse_other_embedder(gallery: Gallery, tag: str, where: str) -> None:
    """Raise UserError when the codes of a gallery were made by other weights than those in use."""
    if gallery.embedder != tag:
        raise UserError(
            f"{where} was made with another face embedder ({gallery.embedder}, this one is {tag}); "
            "name a folder of photos, or make the gallery again"
        )


def _first(values: NDArray[np.float32], count: int) -> list[int]:
    """Return the places of the `count` smallest values, the smallest first, equals in order."""
    chosen = np.argpartition(values, count - 1)[:count]
    return [int(one) for one in chosen[np.lexsort((chosen, values[chosen]))]]
