"""The file of marks that the sheet saves; untrusted: only names of the set's own faces are accepted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap.curation.inventory import FaceInventory
from faceswap.utils.errors import UserError
from faceswap.utils.files.versions import refuse_newer_format
from faceswap.utils.limits import TABLE_BYTES
from faceswap.utils.untrusted.reading import parse_json
from faceswap.utils.untrusted.tables import rows_of
from faceswap.utils.untrusted.text_files import read_text

FORMAT = 1  # of marks; those that tell none are of it
_SHOWN = 60  # characters of a foreign text in an error


def read_marks(path: Path, inventory: FaceInventory) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which faces (N,) are to be taken out and which (N,) to be put back.

    Accepted: what the sheet saves, `{"faces": NAME, "fingerprint": ..., "reject": [FILE, ...], "restore": [...]}`, a
    plain JSON list of files to reject, or a text with one file a line.

    Raises:
        UserError: For anything else, for marks made on another set or on an earlier extraction, and for a file that is
            none of the set's faces.
    """
    text = _text(path)
    try:
        marks = parse_json(text) if text.lstrip()[:1] in ("{", "[") else rows_of(text, f"apply={path}")
    except ValueError as error:
        raise UserError(f"apply={path}: not readable as JSON ({error}); save it again in the sheet") from error
    if not text.strip() or (isinstance(marks, dict) and not {"reject", "restore"} & set(marks)):
        raise UserError(f"apply={path}: it has no list of marks (reject, restore); save it again in the sheet")
    if isinstance(marks, list):
        marks = {"reject": [line for line in marks if line != ""]}
    refuse_newer_format(path, marks.get("format"), FORMAT)
    _check_origin(path, marks, inventory)
    places = {file: index for index, file in enumerate(inventory.files)}
    reject, restore = (_chosen(path, marks.get(key, []), key, places, inventory.name) for key in ("reject", "restore"))
    if (reject & restore).any():
        raise UserError(f"apply={path}: some faces are both in reject and in restore; save it again in the sheet")
    return reject, restore


def _text(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"apply={path}: no such file; save it in the sheet (curation.html) first")
    try:
        return read_text(path, TABLE_BYTES)
    except UserError as error:
        reason = str(error).removeprefix(f"cannot read {path}: ")
        raise UserError(f"apply={path}: cannot be read as text ({reason})") from error


def _check_origin(path: Path, marks: dict, inventory: FaceInventory) -> None:
    """Raise UserError for marks of another face set: file names are alike in all, and would remove the wrong faces."""
    name, fingerprint = marks.get("faces", inventory.name), marks.get("fingerprint")
    if name != inventory.name:
        raise UserError(f"apply={path}: made for the face set {str(name)[:_SHOWN]!r}, not for {inventory.name!r}")
    if fingerprint is not None and fingerprint != inventory.fingerprint():
        raise UserError(f"apply={path}: {inventory.name} was extracted anew since; curate it again and mark anew")


def _chosen(path: Path, files: object, key: str, places: dict[str, int], name: str) -> NDArray[np.bool_]:
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise UserError(f"apply={path}: '{key}' must be a list of file names; save it again in the sheet")
    chosen = np.zeros(len(places), bool)
    for file in files:
        if file not in places:
            raise UserError(f"apply={path}: {file[:_SHOWN]!r} is no face of {name}; nothing was moved")
        chosen[places[file]] = True
    return chosen
