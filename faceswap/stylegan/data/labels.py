"""Tables of face labels by seed, picture file, or row of packed crops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from faceswap.utils.errors import UserError
from faceswap.utils.limits import SEED, TABLE_BYTES
from faceswap.utils.untrusted.reading import check_lists, parse_json
from faceswap.utils.untrusted.tables import read_table, rows_of
from faceswap.utils.untrusted.text_files import read_text

KINDS: tuple[Literal["seed", "file", "crop"], ...] = ("seed", "file", "crop")


@dataclass(frozen=True, eq=False)
class Labels:
    """A table of labels: `of` are seeds, files or rows of `folder`/seen.npy, as text; `columns` (N,) by name.

    NaN where a label is missing.
    """

    by: Literal["seed", "file", "crop"]
    of: Sequence[str]
    folder: Path
    columns: Mapping[str, NDArray[np.float64]]


def read_labels(path: str | Path) -> Labels:
    """Return Labels from a .csv (first line.

    `seed`, `file` or `crop`, then names) or .jsonl ({"file": ..., "age": ...}).

    A .csv may have commas, semicolons or tabs, and decimal commas where its separator is another (tables.py).

    In .jsonl the labels may also stand in an object of their own, "attributes". Files are looked for beside the table,
    and so is seen.npy, whose rows `crop` counts. true/false and yes/no count as 1 and 0; columns that are no numbers
    are left out. Raises UserError.
    """
    path = Path(path)
    try:
        rows = _json_rows(path) if path.suffix.lower() == ".jsonl" else read_table(path, TABLE_BYTES)
    except UserError as error:
        reason = str(error).removeprefix("cannot read ").removeprefix(f"{path}: ")
        raise UserError(f"cannot read the labels {path}: {reason}") from error
    by = next((key for key in KINDS if rows and key in rows[0]), None)
    if by is None:
        raise UserError(
            f"{path}: no labels; its first line must name a column 'seed', 'file' or 'crop', and the attributes"
        )
    columns = {
        str(name): column
        for name in rows[0]
        if name not in (by, None) and np.isfinite(column := np.array([_number(row.get(name)) for row in rows])).any()
    }
    if not columns:
        raise UserError(f"{path}: no column holds numbers")
    names = [str(row.get(by, "")) for row in rows]
    if by != "file" and not all(name.isdecimal() and len(name) < 19 and int(name) <= SEED for name in names):
        raise UserError(f"{path}: the column '{by}' must hold whole numbers, 0 to {SEED}")
    return Labels(by, [str(path.parent / name) for name in names] if by == "file" else names, path.parent, columns)


def _json_rows(path: Path) -> list[dict[str, Any]]:
    rows = []
    text = read_text(path, TABLE_BYTES)
    try:
        check_lists(text)
    except ValueError as error:
        raise UserError(str(error)) from error
    for number, line in enumerate(rows_of(text, str(path)), 1):
        if not line.strip():
            continue
        try:
            row = parse_json(line)
            if not isinstance(row, dict) or not isinstance(row.get("attributes") or {}, dict):
                raise ValueError("each line must be an object")
        except ValueError as error:
            raise UserError(f"line {number}: {error}") from error
        rows.append({**(row.pop("attributes", None) or {}), **row})
    return rows


def _number(value: Any) -> float:
    """Return a label as a number, NaN when it is none."""
    words = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
    try:
        found = words.get(str(value).strip().lower())
        number = float(value) if found is None else found
        return number if np.isfinite(number) else float("nan")
    except (TypeError, ValueError, OverflowError):
        return float("nan")
