"""Faces of a face set as style crops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from faceswap.core.face_set import FaceSet
from faceswap.core.geometry import transform_points, view_of_crop
from faceswap.core.values import AlignedFace
from faceswap.media.pictures.crops import square_crop
from faceswap.stylegan.data.alignment import STYLE_COVERAGE, style_of_stored


def stored_faces(folder: Path, size_px: int) -> Iterator[AlignedFace]:
    """Yield each face of the set in `folder` as a style crop of `size_px`; its points are crop pixels."""
    faces = FaceSet.open(folder)
    for index, record in enumerate(faces.records):
        crop_to_style = view_of_crop(record.size_px, STYLE_COVERAGE, size_px)  # the points are in pixels of that size
        points = transform_points(crop_to_style, record.crop_points)
        yield AlignedFace(style_of_stored(square_crop(faces.path(index)), size_px), points, crop_to_style)
