"""The contact sheet of a face set."""

from __future__ import annotations

from pathlib import Path

from faceswap.core.face_set import CONTACT_SHEET, FaceSet
from faceswap.media.pictures.images import read_image, write_image
from faceswap.media.pictures.tiles import contact_sheet
from faceswap.utils.numbers import evenly_spread

SHEET_FACES = 64


def write_contact_sheet(folder: Path) -> None:
    """Write a picture of up to SHEET_FACES faces, spread evenly over the set."""
    face_set = FaceSet.open(folder)
    if not len(face_set):
        return
    chosen = evenly_spread(len(face_set), SHEET_FACES)
    labels = [f"{face_set.records[i].frame} / track {face_set.records[i].track}" for i in chosen]
    sheet = contact_sheet([read_image(face_set.path(i)) for i in chosen], labels)
    write_image(folder / CONTACT_SHEET, sheet, quality=90)
