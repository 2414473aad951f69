"""The picture that shows a face set at a glance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faceswap.core.face_set import CONTACT_SHEET, FaceSet
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.pictures.tiles import contact_sheet

SHEET_FACES = 64


def write_contact_sheet(folder: Path) -> None:
    """Write a picture of up to SHEET_FACES faces, spread evenly over the set."""
    face_set = FaceSet.open(folder)
    if not len(face_set):
        return
    chosen = np.unique(np.linspace(0, len(face_set) - 1, min(SHEET_FACES, len(face_set))).round().astype(int))
    labels = [f"{face_set.records[i].frame} / track {face_set.records[i].track}" for i in chosen]
    sheet = contact_sheet([read_image(face_set.path(i)) for i in chosen], labels)
    write_image(folder / CONTACT_SHEET, sheet, quality=90)
