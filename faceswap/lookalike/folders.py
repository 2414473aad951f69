"""A folder of photos, one folder for each person, as a gallery; what was read before is not read again."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Face, Frame
from faceswap.detect.protocol import Finder
from faceswap.facenets.protocol import Embedder
from faceswap.lookalike.gallery import SUFFIX, Gallery, Photo, as_kept, load_gallery
from faceswap.media.listing import list_pictures, natural_order
from faceswap.media.pictures.images import read_image
from faceswap.media.sources import source_of_picture
from faceswap.utils.errors import UserError
from faceswap.utils.limits import GALLERY_PHOTOS, check_size
from faceswap.utils.progress import Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FaceReader:
    """Reads the face of a photo: `finder` finds it, `embedder` tells whose it is; `tag` names its weights."""

    finder: Finder
    embedder: Embedder
    tag: str

    def faces(self, path: Path) -> tuple[NDArray[np.uint8], list[Face]]:
        """Return a picture (H, W, 3) and the faces on it.

        Raises:
            UserError: It cannot be read.
        """
        image = read_image(path)
        self.finder.prepare(source_of_picture(image.shape[1], image.shape[0]))
        return image, self.finder.find([Frame(image, 0, 0.0)])[0]

    def code(self, image: NDArray[np.uint8], face: Face) -> NDArray[np.float32]:
        """Return the embedding (128,) of a face."""
        return self.embedder.embed([image], [face.points])[0]


def gallery_of_folder(folder: Path, reader: FaceReader, kept: Path) -> Gallery:
    """Return the people of a folder: the pictures in its folder NAME are of NAME, one beside the folders of its stem.

    Of several faces on a picture the largest counts; one without is left out with a warning.

    Args:
        folder: The gallery.
        reader: Reads the photos.
        kept: A folder in which what was read is kept for the next time.

    Raises:
        UserError: There is no such folder, or no face in it.
    """
    files = files_by_person(folder)
    check_size(f"the gallery {folder}", sum(map(len, files.values())), GALLERY_PHOTOS, "photos")
    place = kept / f"{folder.name}_{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]}{SUFFIX}"
    known = _known(place, reader.tag)
    missing = [path for paths in files.values() for path in paths if _key(path) not in known]
    if missing:
        with Progress(len(missing), "gallery", "photo") as progress:
            for photo in _read(missing, reader):
                known[photo.file, photo.stamp] = photo
                progress.advance()
    photos: list[Photo] = []
    names: list[str] = []
    for name, paths in files.items():
        own = [known[_key(path)] for path in paths]
        if own := [replace(photo, person=len(names)) for photo in own if np.any(photo.code)]:
            names.append(name)
            photos += own
    if not photos:
        raise UserError(
            f"no face was found on any picture of gallery={folder}; put photos into a folder NAME for each person in it"
        )
    if missing:
        _keep(place, known, [_key(path) for paths in files.values() for path in paths], reader.tag)
    return Gallery(tuple(names), tuple(photos), reader.tag)


def files_by_person(folder: Path) -> dict[str, Sequence[Path]]:
    """Return the pictures of each person of a gallery's folder.

    Raises:
        UserError: There is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"gallery={folder}: there is no such folder; it holds a folder of photos for each person")
    found: dict[str, list[Path]] = {}
    for path in list_pictures(folder):
        found.setdefault(path.stem, []).append(path)
    for below in natural_order(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found.setdefault(below.name, []).extend(list_pictures(below, recursive=True))
    return {name: paths for name, paths in found.items() if paths}


def _read(paths: Sequence[Path], reader: FaceReader) -> Iterator[Photo]:
    """Yield each picture's face; where there is none, a photo whose code is 0."""
    for path in paths:
        file, stamp = _key(path)
        try:
            image, faces = reader.faces(path)
        except UserError as error:
            log.warning("left out: %s", error)
            faces = []
        else:
            if not faces:
                log.warning("left out: no face was found on %s", path)
        if faces:
            face = max(faces, key=lambda one: float((one.box[2:] - one.box[:2]).prod()))
            yield Photo(0, as_kept(reader.code(image, face)), face.box, file, stamp)
        else:
            yield Photo(0, np.zeros(128, np.float32), np.zeros(4, np.float32), file, stamp)


def _key(path: Path) -> tuple[str, tuple[int, int]]:
    told = path.stat()
    return str(path.resolve()), (told.st_size, told.st_mtime_ns)


def _known(place: Path, tag: str) -> dict[tuple[str, tuple[int, int]], Photo]:
    """Return what was read before, by file and stamp."""
    if not place.is_file():
        return {}
    try:
        kept = load_gallery(place)
    except UserError as error:
        log.warning("reading the gallery anew: %s", error)
        return {}
    own = [photo for photo in kept.photos if not photo.jpeg]  # pictures within are the shipped gallery's alone
    return {(photo.file, photo.stamp): photo for photo in own} if kept.embedder == tag else {}


def _keep(
    place: Path, known: dict[tuple[str, tuple[int, int]], Photo], keys: Sequence[tuple[str, tuple[int, int]]], tag: str
) -> None:
    """Write what was read, those without a face too; a place that cannot be written costs only time."""
    photos = tuple(replace(known[key], person=0) for key in keys)
    try:
        Gallery(("all",), photos, tag).save(place)
    except UserError as error:
        log.warning("the gallery will be read anew the next time: %s", error)
