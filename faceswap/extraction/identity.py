"""Selection of one person: the face on a photo, and the tracks of a face set that show them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import likeness, mean_of
from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import ALIGNMENTS, FaceSet
from faceswap.detect.protocol import Finder
from faceswap.facenets.protocol import Embedder
from faceswap.media.pictures.crops import read_crop
from faceswap.media.reading import read_frames
from faceswap.media.sources import probe
from faceswap.utils.errors import UserError
from faceswap.utils.numbers import evenly_spread

COMPARED_FACES = 8  # faces of a track, or of a face set, that are compared


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody to look for: `embedding` (128,), the `least_likeness` in [-1, 1] of their faces, who compares.

    `description` is one line; another text means another choice of faces.
    """

    embedding: NDArray[np.float32]
    least_likeness: float
    description: str
    embedder: Embedder


def person_of(path: str | Path, least_likeness: float, finder: Finder, embedder: Embedder) -> Person:
    """Return the person on a photo, or of a face set's folder.

    Raises:
        UserError: There is neither, or not exactly one face on the photo.
    """
    path = Path(path)
    if not -1 <= least_likeness <= 1:
        raise UserError(f"person_similarity={least_likeness}: must be in [-1, 1]")
    if (path / ALIGNMENTS).is_file():
        face_set = FaceSet.open(path)
        found = _embedded(path, face_set.records, embedder)
        if found is None:
            raise UserError(f"person={path}: the face set has no face left to compare with")
        content = (path / ALIGNMENTS).read_bytes()
    else:
        found, content = face_on_photo(path, finder, embedder)
    checksum = hashlib.sha256(content).hexdigest()[:16]
    return Person(found, least_likeness, f"{checksum} >= {least_likeness:g}", embedder)


def tracks_of(person: Person, folder: Path, records: Sequence[FaceRecord]) -> set[int]:
    """Return the tracks of a face set that show the person, each judged as a whole.

    The clearest faces of a track count together: one turned or blurred face says little.

    Raises:
        UserError: None does.
    """
    by_track: dict[int, list[FaceRecord]] = defaultdict(list)
    for record in records:
        by_track[record.track].append(record)
    alike = {
        track: likeness(embedding, person.embedding)
        for track, faces in by_track.items()
        if (embedding := _embedded(folder, faces, person.embedder)) is not None
    }
    kept = {track for track, value in alike.items() if value >= person.least_likeness}
    if not kept:
        most = f"the most alike has a likeness of {max(alike.values()):.2f}" if alike else "there is no face left"
        raise UserError(
            f"none of the {len(by_track)} tracks shows this person: {most}, {person.least_likeness:g} is asked "
            "for; give the command again with another photo or a lower person_similarity=, it goes on from here"
        )
    return kept


def _embedded(folder: Path, records: Sequence[FaceRecord], embedder: Embedder) -> NDArray[np.float32] | None:
    """Return the mean embedding of the clearest faces whose crop is there; None without any."""
    spread = evenly_spread(len(records), 4 * COMPARED_FACES)
    there = [records[i] for i in spread if (folder / records[i].file).is_file()]
    clearest = sorted(there, key=lambda record: record.blur + abs(record.yaw) / 90 + abs(record.pitch) / 90)[
        :COMPARED_FACES
    ]
    if not clearest:
        return None
    images = [read_crop(folder / record.file, record.size_px) for record in clearest]
    return mean_of(embedder.embed(images, [record.crop_points for record in clearest]))


def face_on_photo(
    path: Path, finder: Finder, embedder: Embedder, setting: str = "person="
) -> tuple[NDArray[np.float32], bytes]:
    """Return the embedding (128,) of the one face on a photo, and the file's content.

    Args:
        path: The photo.
        finder: Looks for the face.
        embedder: Reads who it is.
        setting: What stands before the path in messages.

    Raises:
        UserError: It is no photo, or not exactly one face is on it.
    """
    info = probe(path)
    if not info.is_still:
        raise UserError(f"{setting}{path} is neither one photo nor a face set's folder")
    finder.prepare(info)
    frame = next(iter(read_frames(info)))
    faces = finder.find([frame])[0]
    if len(faces) != 1:
        what = "shows no face that could be found" if not faces else f"shows {len(faces)} faces"
        raise UserError(f"{setting}{path} {what}; name a photo of one person alone")
    return mean_of(embedder.embed([frame.image], [faces[0].points])), info.files[0].read_bytes()
