"""All of a souvenir, made from one photo: matches, films, poster, composite portrait, and a file that tells them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Face
from faceswap.facenets.protocol import Embedder
from faceswap.lookalike.gallery import around
from faceswap.lookalike.search import GallerySearch, Match, Matches
from faceswap.media.pictures.images import write_image
from faceswap.provenance.notice import COMPOSITE
from faceswap.souvenir.config import (
    BAD,
    COMPOSITE_PORTRAIT,
    FILES,
    GOOD,
    PORTRAIT,
    POSTER,
    SMILE,
    TOLD,
    SouvenirSettings,
)
from faceswap.souvenir.faces import FaceNetworks, Named
from faceswap.souvenir.films import SouvenirFilm, write_morph, write_smile
from faceswap.souvenir.poster import News, names_line, portrait_sheet, poster
from faceswap.stylegan.data.alignment import align_style
from faceswap.stylegan.directions.directions import DirectionSet
from faceswap.stylegan.editing.pasting import Paster
from faceswap.stylegan.editing.photos import Inverted
from faceswap.stylegan.inversion.pipeline import made_with_ai
from faceswap.stylegan.morphing.composite import composite
from faceswap.stylegan.morphing.subjects import Subject
from faceswap.stylegan.weights.files import generator_hash
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.links import own_folder
from faceswap.utils.progress import Progress

NEAREST = 3
COMPOSITE_PX = 320
_HEAD = 1.8  # of a face's box: the picture that is morphed and smiles

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Seen:
    """What is seen in a photo.

    Attributes:
        portrait: (H, W, 3) the face with some of what is around it.
        found: Whom it is like.
        subjects: The visitor, the nearest and the farthest one, as codes of the generator.
    """

    portrait: NDArray[np.uint8]
    found: Matches
    subjects: Sequence[Subject | None]


@dataclass(frozen=True, eq=False)
class SouvenirMaker:
    """Makes souvenirs; what it holds is loaded once.

    Attributes:
        networks: Find faces and turn them into codes.
        embedder: Tells whose a face is.
        search: The gallery.
        known: Directions of the generator.
        paster: Brings the smile into the photo.
        settings: Sizes and times.
    """

    networks: FaceNetworks
    embedder: Embedder
    search: GallerySearch
    known: DirectionSet
    paster: Paster
    settings: SouvenirSettings

    def make(self, image: NDArray[np.uint8], folder: Path, which: str, consent: str) -> dict[str, Any]:
        """Write all files of a souvenir into a folder; return what TOLD says.

        Args:
            image: (H, W, 3) the photo.
            folder: Where they go.
            which: Which of several faces is meant.
            consent: What the signed records say of it.

        Raises:
            UserError: The photo shows no face, or too small a one.
        """
        (seen,) = self.seen([(image, which)])
        if isinstance(seen, UserError):
            raise seen
        return self.write(seen, folder, consent)

    def seen(self, photos: Sequence[tuple[NDArray[np.uint8], str]]) -> list[Seen | UserError]:
        """Return what the networks see in photos, all of them in batches, or why it is nothing.

        Args:
            photos: Each (H, W, 3), and which of several faces is meant.
        """
        faces = [self._face_or_why(image, which) for image, which in photos]
        there = [(image, face) for (image, _), face in zip(photos, faces, strict=True) if isinstance(face, Face)]
        codes = self.embedder.embed([image for image, _ in there], [face.points for _, face in there])
        matches = [self.search.match(code, NEAREST) for code in codes]
        subjects = iter(self.networks.subjects([self._pictures(*one) for one in zip(there, matches, strict=True)]))
        rest = iter(zip(there, matches, strict=True))
        told: list[Seen | UserError] = []
        for face in faces:
            if isinstance(face, UserError):
                told.append(face)
                continue
            ((image, _), found), own = next(rest), next(subjects)
            told.append(own if isinstance(own, UserError) else Seen(around(image, face.box), found, own))
        return told

    def _face_or_why(self, image: NDArray[np.uint8], which: str) -> Face | UserError:
        try:
            return self.networks.face(image, "the photo", which)
        except UserError as error:
            return error

    @staticmethod
    def _pictures(visitor: tuple[NDArray[np.uint8], Face], found: Matches) -> list[Named]:
        image, face = visitor
        whole = around(image, _widened(face.box))  # what the generator draws has the whole head, and air around it
        others = [Named(one.name, one.photo.picture(), id(one.photo)) for one in (*found.nearest, found.farthest[0])]
        return [Named("you", whole, ("you", id(image))), *others]

    def write(self, seen: Seen, folder: Path, consent: str) -> dict[str, Any]:
        """Write all files of a souvenir into a folder; return what TOLD says."""
        own_folder(folder)
        you, *near, far = seen.subjects
        found = seen.found
        assert you is not None and you.portrait is not None
        self._write(you, near, far, found, seen.portrait, folder, {"consent": consent})
        told = {
            "nearest": [one.plain() for one in found.nearest],
            "farthest": [one.plain() for one in found.farthest],
            "people": len(self.search.gallery.names),
            "files": [name for name in FILES if (folder / name).is_file()],
        }
        write_json(folder / TOLD, told)
        return told

    def _write(
        self, you: Subject, near: list[Subject | None], far: Subject | None, found: Matches,
        portrait: NDArray[np.uint8], folder: Path, consent: dict[str, str],
    ) -> None:  # fmt: skip
        generator = self.networks.inverter.generator
        owner = generator_hash(generator)
        films = made_with_ai(owner, "the faces in this film were put together from two", COMPOSITE) | consent
        about = made_with_ai(owner, "this picture was put together from several faces", COMPOSITE) | consent
        smiling = made_with_ai(owner, "the face in this film was edited", COMPOSITE) | consent
        best, worst, people = found.nearest[0], found.farthest[0], len(self.search.gallery.names)
        steps: list[Callable[[], object]] = [
            lambda: write_image(folder / PORTRAIT, portrait, quality=90, metadata={}),
            lambda: self._morph(you, near[0], best, folder / GOOD, films),
            lambda: self._morph(you, far, worst, folder / BAD, films),
            lambda: self._smile(you, folder / SMILE, smiling),
            lambda: write_image(folder / POSTER, _poster(portrait, best, worst, people), metadata=about),
            lambda: self._composite([you, *near], found, folder / COMPOSITE_PORTRAIT, about),
        ]
        with Progress(len(steps), "souvenir", "part") as bar:
            for step in steps:
                step()
                bar.advance()

    def _morph(self, you: Subject, other: Subject | None, match: Match, out: Path, about: dict[str, str]) -> None:
        if other is None:
            log.warning("no film towards %s: no face was found on their picture", match.name)
            return
        write_morph(self.networks.inverter.generator, other, SouvenirFilm(you, out, self.settings, about))

    def _smile(self, you: Subject, out: Path, about: dict[str, str]) -> None:
        assert you.portrait is not None
        generator = self.networks.inverter.generator
        photo = Inverted(you.portrait.frame, you.portrait.aligned, you.rows[None], 0.0)
        write_smile(generator, photo, self.known, self.paster, SouvenirFilm(you, out, self.settings, about))

    def _composite(self, subjects: list[Subject | None], found: Matches, out: Path, about: dict[str, str]) -> None:
        there = [one.portrait for one in subjects if one is not None and one.portrait is not None]
        faces = []
        for one in there:
            face = self.networks.face(one.frame.image, one.name)
            faces.append(align_style(one.frame, face, COMPOSITE_PX))
        try:
            average = composite(faces)
        except UserError as error:
            log.warning("no composite portrait: %s", error)
            return
        names = names_line(["you", *(one.name for one in found.nearest[: len(there) - 1])])
        write_image(out, portrait_sheet(average, names), metadata=about)


def _widened(box: NDArray[np.float32]) -> NDArray[np.float32]:
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    return np.concatenate([centre - _HEAD * half, centre + _HEAD * half])


def _poster(portrait: NDArray[np.uint8], best: Match, worst: Match, people: int) -> NDArray[np.uint8]:
    return poster(
        portrait,
        News(best.photo.picture(), best.name, _told(best.closer_than_percent, "first", "closer", people)),
        News(worst.photo.picture(), worst.name, _told(100 - worst.closer_than_percent, "last", "less close", people)),
        "Whom do you take after?",
    )


def _told(percent: float, place: str, word: str, people: int) -> tuple[str, str]:
    """Return how alike somebody is: the place in the gallery, and of 100 pairs of strangers how many are behind."""
    return f"{place} of {people}", f"{word} than {min(percent, 99.9):.1f} % of strangers"
