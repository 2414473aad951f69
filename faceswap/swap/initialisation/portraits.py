"""The faces of one person on photographs, read to tell a generic model whom to draw."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.embeddings import likeness
from faceswap.core.geometry import head_pose
from faceswap.core.values import Face
from faceswap.detect.protocol import Finder
from faceswap.media.reading import read_frames
from faceswap.media.sources import SourceInfo
from faceswap.utils.errors import UserError
from faceswap.utils.limits import PHOTOS_OF_A_PERSON

log = logging.getLogger(__name__)

FRAMES_SEARCHED = 50  # of a film, for the one who performs
_SMALL_FACE_PX = 64  # longer side of the box: the embedder sees 96 px, and would see less than there is
_TURNED_DEGREES = 45.0  # beyond it one eye and half the mouth are guessed
SAME_PERSON = 0.4  # likeness; the embedder's strangers stay below .53, photos of one person mostly above .6


@dataclass(frozen=True, eq=False)
class Portrait:
    """A face on a photograph.

    `image` (H, W, 3) uint8 RGB, the whole photo; `points` (68, 2) in its pixels; `path` its file.
    """

    image: NDArray[np.uint8]
    points: NDArray[np.float32]
    path: Path


def read_portraits(photos: Sequence[SourceInfo], finder: Finder, which: int | None = None) -> list[Portrait]:
    """Return the face of each photograph.

    Args:
        photos: Pictures, or folders of pictures, of one person.
        finder: What finds the faces.
        which: The face to take where a photo shows several, counted from the left from 0; None accepts one only.

    Returns:
        One portrait a photo, at most `PHOTOS_OF_A_PERSON`.

    Raises:
        UserError: A source is no photo, or a photo shows no face, or several and `which` does not say which.
    """
    portraits: list[Portrait] = []
    for info in photos:
        if info.kind != "images":
            raise UserError(f"photo={info.path} is a film; a photo is accepted. To learn from a film: faceswap.extract")
        finder.prepare(info)
        for frame in read_frames(info, stop=PHOTOS_OF_A_PERSON - len(portraits)):
            path = info.files[frame.index]
            face = _chosen(finder.find([frame])[0], path, which)
            _warn_of_weak(face, path)
            portraits.append(Portrait(frame.image, face.points, path))
        if len(portraits) == PHOTOS_OF_A_PERSON:
            log.warning("the first %d photos are used", PHOTOS_OF_A_PERSON)
            break
    return portraits


def first_portrait(film: SourceInfo, finder: Finder) -> Portrait | None:
    """Return the largest face of the first frame that shows one, among the first `FRAMES_SEARCHED`; None without."""
    finder.prepare(film)
    for frame in read_frames(film, stop=FRAMES_SEARCHED):
        if faces := finder.find([frame])[0]:
            largest = max(faces, key=lambda face: float((face.box[2:] - face.box[:2]).max()))
            return Portrait(frame.image, largest.points, film.path)
    return None


def warn_of_strangers(portraits: Sequence[Portrait], embeddings: NDArray[np.float32]) -> None:
    """Warn of photos whose face is another person's than most; `embeddings` (N, 128) are unit vectors."""
    mean = embeddings.mean(0)
    for portrait, embedding in zip(portraits, embeddings, strict=True):
        if len(portraits) > 1 and (alike := likeness(embedding, mean)) < SAME_PERSON:
            log.warning("%s seems to show somebody else (likeness %.2f to all photos together)", portrait.path, alike)


def _chosen(faces: Sequence[Face], path: Path, which: int | None) -> Face:
    if not faces:
        raise UserError(f"photo={path} shows no face that could be found; name a photo of the face, larger or brighter")
    if which is None and len(faces) > 1:
        raise UserError(
            f"photo={path} shows {len(faces)} faces: say photo_face=0 to {len(faces) - 1}, counted from the left, or "
            "name a photo of one person alone"
        )
    if which is not None and which >= len(faces) > 1:
        raise UserError(f"photo_face={which}: {path} shows {len(faces)} faces; 0 to {len(faces) - 1} is accepted")
    from_left = sorted(faces, key=lambda face: float(face.box[0] + face.box[2]))
    return from_left[which if which is not None and len(faces) > 1 else 0]


def _warn_of_weak(face: Face, path: Path) -> None:
    """Warn of a photo that tells little of a face."""
    side_px = float((face.box[2:] - face.box[:2]).max())
    if side_px < _SMALL_FACE_PX:
        log.warning("%s: the face is %.0f px wide; from %d px on more of it can be told", path, side_px, _SMALL_FACE_PX)
    if (yaw := abs(head_pose(face.points).yaw)) > _TURNED_DEGREES:
        log.warning("%s shows the face turned by %.0f degrees: what cannot be seen is guessed", path, yaw)
