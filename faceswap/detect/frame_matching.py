"""Faces of landmark files matched to the frames of a source: by number or name, in pixels of the frames."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceswap.core.values import Face
from faceswap.detect.landmark_formats import ImportedFaces
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.media.sources import SourceInfo


def counted_from(faces: dict[int, list[Face]], first: int, path: Path) -> dict[int, list[Face]]:
    """Return the faces numbered from 0 of a file that counts from `first`.

    Raises:
        UserError: The file has a frame 0.
    """
    if first and 0 in faces:
        raise UserError(f"finder.first={first}, but {path} has a frame 0: it counts from 0")
    return {number - first: found for number, found in faces.items()}


def picture_numbers(source: SourceInfo) -> dict[str, int]:
    """Return pictures by name and, where two programs may have chosen different suffixes, by stem."""
    by_stem = {Path(file).stem: index for index, file in enumerate(source.files)}
    return by_stem | {Path(file).name: index for index, file in enumerate(source.files)}


def film_numbers(names: Iterable[str]) -> dict[str, int]:
    """Return frame numbers from names such as `clip_000001.png` or `00001.png`, as the other program counts."""
    found = {name: re.search(r"\d{1,12}$", Path(name).stem) for name in names}
    return {Path(name).name: int(number.group()) for name, number in found.items() if number}


def in_frame_pixels(
    faces: dict[int, list[Face]], imported: ImportedFaces, source: SourceInfo, path: Path
) -> dict[int, list[Face]]:
    """Return the faces in pixels of the frames as they are read here: square ones."""
    shown, stored = (source.width, source.height), (source.stored_width, source.stored_height)
    if source.kind == "images":  # each picture may have a size of its own
        return faces
    if imported.size not in (None, shown, stored):
        made, given = (f"{width} x {height}" for width, height in (imported.size or (0, 0), shown))
        raise UserError(f"{path} was made for frames of {made}, but {source.path} has {given}: it is another video's")
    if shown in (imported.size, stored) or (imported.size is None and not imported.as_stored):
        return faces
    scale = np.array(shown) / stored
    return {number: [_scaled(face, scale) for face in found] for number, found in faces.items()}


def _scaled(face: Face, scale: NDArray) -> Face:
    points, box = ((p + 0.5) * scale - 0.5 for p in (face.points, face.box.reshape(2, 2)))
    return replace(face, points=points, box=box.ravel())


def with_tracks_from_0(faces: dict[int, list[Face]]) -> dict[int, list[Face]]:
    """Return tracks counted from 0 in the order they begin; none at all where some faces have none.

    They get linked then.
    """
    if any(face.track < 0 for found in faces.values() for face in found):
        return {number: [replace(face, track=-1) for face in found] for number, found in faces.items()}
    numbers: dict[int, int] = {}
    for number in sorted(faces):
        for face in faces[number]:
            numbers.setdefault(face.track, len(numbers))
    return {number: [replace(face, track=numbers[face.track]) for face in found] for number, found in faces.items()}
