"""The record of faces removed from a set: other people stay as filmed, bad pictures only leave the training."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from faceswap.core.face_record import FaceRecord
from faceswap.core.face_set import ALIGNMENTS, REMOVED, TAKEN_OUT
from faceswap.utils.errors import UserError, reason_of
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.links import remove
from faceswap.utils.limits import TABLE_BYTES
from faceswap.utils.untrusted.reading import read_json


def fingerprint_of(folder: Path) -> str:
    """Return what changes when the faces of a set are extracted anew: file names then mean other faces."""
    return hashlib.sha256((folder / ALIGNMENTS).read_bytes()).hexdigest()[:16]


def write_other_people(folder: Path, files: Collection[str]) -> None:
    """Record which faces of a set were taken out as other people.

    Args:
        folder: the face set's folder, locked.
        files: names of image files; none removes the record.
    """
    if files:
        write_json(folder / TAKEN_OUT, {"fingerprint": fingerprint_of(folder), "other_people": sorted(files)})
    else:
        remove(folder / TAKEN_OUT)


def read_other_people(folder: Path) -> set[str]:
    """Return the image files that were taken out as other people; none of an earlier extraction.

    Raises:
        UserError: The record is there and cannot be read: who is to be left as filmed is then not known.
    """
    path = folder / TAKEN_OUT
    try:
        if path.stat().st_size > TABLE_BYTES:
            raise ValueError("too large")
        record = read_json(path)
        files = record["other_people"]
        if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
            raise ValueError("its other_people are no list of files")
        return set(files) if record["fingerprint"] == fingerprint_of(folder) else set()
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"cannot read {path} ({reason_of(error)}): it says who is not to be swapped; curate the set again "
            "(restore=true, then keep=) or remove that file to swap all"
        ) from error


def without_other_people(folder: Path, records: Sequence[FaceRecord]) -> list[FaceRecord]:
    """Return the records (N or fewer) that are not of other people, in their order.

    A crop that was deleted by hand before the people were told apart is in no record: it goes with its track, where
    all that is left of that was taken out. A face whose crop lies in the set again is back.
    """
    others = read_other_people(folder)
    if not others:
        return list(records)
    with os.scandir(folder) as entries:
        present = {entry.name for entry in entries}
    others -= present
    tracks = {record.track for record in records if record.file in others and record.track >= 0}
    tracks -= {record.track for record in records if record.file not in others and _is_there(record, folder, present)}
    return [record for record in records if record.file not in others and record.track not in tracks]


def _is_there(record: FaceRecord, folder: Path, present: Collection[str]) -> bool:
    """Return whether a face was there to be judged: in the set, or taken out for another reason."""
    return record.file in present or (folder / REMOVED / record.file).exists()
