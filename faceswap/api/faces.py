"""Faces in single pictures: where they are, whose they are, what each pixel shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from faceswap.api.images import Image, as_frame
from faceswap.core import geometry
from faceswap.core.values import AlignedFace, Face, Frame
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.detect.protocol import Finder
from faceswap.facenets import parser
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.facenets.parser import FaceParser
from faceswap.media.sources import source_of_picture
from faceswap.utils.errors import UserError
from faceswap.utils.limits import CROP_SIDE_PX


@dataclass(frozen=True, eq=False)
class ParsedFace:
    """What each pixel around a face shows.

    Attributes:
        probabilities: (C, 256, 256) float32 of the classes NAMES, in an upright view of the face.
        frame_to_view: (2, 3) affine from the image's pixels to the view's.
    """

    NAMES = parser.NAMES

    probabilities: NDArray[np.float32]
    frame_to_view: NDArray[np.float64]

    @property
    def labels(self) -> NDArray[np.uint8]:
        """Return the most probable class of each pixel, (256, 256): places in NAMES."""
        return self.probabilities.argmax(0).astype(np.uint8)


def detect(image: Image, *, detector: Finder | None = None, device: str = "auto") -> list[Face]:
    """Find the faces in a picture.

    Args:
        image: (H, W, 3) uint8 RGB, or the path of an image file.
        detector: Finds them in the place of the built-in one.
        device: Where the built-in one runs: auto, cpu, cuda or cuda:N.

    Returns:
        The faces, each with its `box` (4,), `points` (68, 2) in the picture's pixels, `score` in [0, 1] and, from the
        built-in detector, an `embedding` (128,).

    Raises:
        UserError: The picture cannot be read, or the weights are missing.
    """
    frame = as_frame(image)
    chosen = detector or _detector(device)
    chosen.prepare(source_of_picture(frame.width, frame.height))
    return chosen.find([frame])[0]


def align(image: Image, face: Face | None = None, size_px: int = 256) -> AlignedFace:
    """Cut a face out of a picture, upright and at a standard place.

    Args:
        image: (H, W, 3) uint8 RGB, or the path of an image file.
        face: A face of it; the largest that detect() finds by default.
        size_px: Side of the crop, 32 to 2048 px.

    Returns:
        The crop (S, S, 3), its points (68, 2) and `frame_to_crop` (2, 3), from the picture's pixels to the crop's.

    Raises:
        UserError: There is no face.
    """
    if not 32 <= size_px <= CROP_SIDE_PX:
        raise UserError(f"size_px={size_px}: crops may be 32 to {CROP_SIDE_PX} pixels wide")
    frame = as_frame(image)
    return geometry.align(frame, face or _largest(frame), size_px)


def embed(image: Image, faces: Sequence[Face] | None = None, *, device: str = "auto") -> NDArray[np.float32]:
    """Tell whose faces these are: the cosine of two people's vectors is near 0, of one person's near 1.

    Args:
        image: (H, W, 3) uint8 RGB, or the path of an image file.
        faces: Faces of it; those that detect() finds by default.
        device: auto, cpu, cuda or cuda:N.

    Returns:
        (N, 128) float32, a unit vector for each face.
    """
    frame, faces = _frame_and_faces(image, faces, device)
    if not faces:
        return np.empty((0, 128), np.float32)
    return _embedder(device).embed([frame.image] * len(faces), [face.points for face in faces])


def parse(image: Image, faces: Sequence[Face] | None = None, *, device: str = "auto") -> list[ParsedFace]:
    """Tell what each pixel around faces shows: skin, brows, eyes, lips, hair, an occluder ...

    Args:
        image: (H, W, 3) uint8 RGB, or the path of an image file.
        faces: Faces of it; those that detect() finds by default.
        device: auto, cpu, cuda or cuda:N.
    """
    frame, faces = _frame_and_faces(image, faces, device)
    if not faces:
        return []
    shares, matrices = _parser(device).parse([frame.image] * len(faces), [face.points for face in faces])
    return [ParsedFace(share, matrix) for share, matrix in zip(shares, matrices, strict=True)]


def _frame_and_faces(image: Image, faces: Sequence[Face] | None, device: str) -> tuple[Frame, Sequence[Face]]:
    frame = as_frame(image)
    return frame, detect(frame.image, device=device) if faces is None else faces


def _largest(frame: Frame) -> Face:
    found = detect(frame.image)
    if not found:
        raise UserError("no face was found in this picture")
    return max(found, key=lambda face: float((face.box[2:] - face.box[:2]).max()))


@cache
def _detector(device: str) -> BuiltinFinder:
    return BuiltinFinder(device=device)


@cache
def _embedder(device: str) -> FaceEmbedder:
    return FaceEmbedder(device)


@cache
def _parser(device: str) -> FaceParser:
    return FaceParser(device)
