"""Inventory of a face set: faces in use and removed ones, and moving between the two."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import ALIGNMENTS, REMOVED, FaceSet
from faceswap.core.taken_out import fingerprint_of
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import writing_errors
from faceswap.utils.files.links import move, own_folder
from faceswap.utils.files.locks import LOCK

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FaceInventory:
    """The N faces of a face set by frame; `removed` (N,) bool tells which lie in the folder of removed faces.

    A face set has only the faces whose image files are in its folder, so a file that is moved into the folder below it
    leaves the training, and one that is moved back returns.
    """

    folder: Path
    records: Sequence[FaceRecord]
    removed: NDArray[np.bool_]

    @classmethod
    def open(cls, folder: Path) -> FaceInventory:
        """Read a face set with its removed faces.

        Raises:
            UserError: There is none, or when it has no face.
        """
        lines = FaceSet.open(folder, with_deleted=True).records
        used, taken = _files(folder), _files(folder / REMOVED)
        records = {record.file: record for record in lines if record.file in used or record.file in taken}
        if not records:
            raise UserError(f"the face set {folder.name} has no image file left; extract the video again")
        removed = np.array([file not in used for file in records])
        return cls(folder, list(records.values()), removed)

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def files(self) -> list[str]:
        return [record.file for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def path(self, index: int) -> Path:
        """Return the image file of a face, where it lies now."""
        folder = self.folder / REMOVED if self.removed[index] else self.folder
        return folder / self.records[index].file

    def fingerprint(self) -> str:
        """Change when the faces are extracted anew: file names then mean other faces."""
        return fingerprint_of(self.folder)

    def with_moved(self, remove: NDArray[np.bool_], restore: NDArray[np.bool_]) -> FaceInventory:
        """Move image files out of the set and back into it, and return the inventory afterwards.

        The folder must be locked. A kill between two files leaves each of them in one of the two places.

        Args:
            remove: (N,) Faces to move out of the set.
            restore: (N,) Faces to move back.

        Raises:
            UserError: A file is in the way, or is gone.
        """
        removed = self.removed.copy()
        place = self.folder / REMOVED
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise UserError(f"{place} is no folder; move it away, removed faces go there")
        with writing_errors(place):
            if (remove & ~removed).any():
                own_folder(place)
            for index in np.flatnonzero(remove & ~self.removed).tolist():
                _move(self.folder / self.records[index].file, place / self.records[index].file)
                removed[index] = True
            for index in np.flatnonzero(restore & self.removed).tolist():
                _move(place / self.records[index].file, self.folder / self.records[index].file)
                removed[index] = False
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
        return FaceInventory(self.folder, self.records, removed)


def _files(folder: Path) -> set[str]:
    """Return the names of the ordinary files in a folder that may be or not be there."""
    if folder.is_symlink() or not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_file() and entry.name not in (ALIGNMENTS, LOCK)}


def _move(source: Path, target: Path) -> None:
    if os.path.lexists(target):  # laid there by hand: moving would delete it
        raise UserError(f"{target.name} lies in {source.parent} and in {target.parent}; delete one of them, then go on")
    try:
        move(source, target)
    except FileNotFoundError as error:
        raise UserError(f"{source} is gone meanwhile; give the command again") from error
