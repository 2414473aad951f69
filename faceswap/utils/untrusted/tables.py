"""CSV tables of any program, with commas, semicolons or tabs between the columns."""

from __future__ import annotations

import csv
from pathlib import Path

from faceswap.utils.errors import UserError
from faceswap.utils.limits import TABLE_BYTES, TABLE_ROWS, TABLE_VALUES
from faceswap.utils.untrusted.text_files import read_text

SEPARATORS = ",;\t"


def read_table(path: str | Path, largest: int = TABLE_BYTES) -> list[dict[str, str]]:
    """Return the rows of a CSV by the names in its first line, blanks around names and values taken away.

    The separator is the one of `, ; tab` that stands most often in the first line. Where it is no comma, a comma
    within a number is a decimal one: `0,7` comes back as `0.7`. Empty lines are passed over; a missing value is "".

    Raises:
        UserError: one line that names the file, and the row where one has more values than the first line has names.
    """
    text = read_text(path, largest)
    lines = rows_of(text, str(path))
    head = next((line for line in lines if line.strip()), "")
    if head.lower().startswith("sep=") and len(head) == 5:  # Excel's own way to name the separator
        separator, lines = head[4], lines[lines.index(head) + 1 :]
    else:
        separator = max(SEPARATORS, key=head.count)
    if text.count(separator) > TABLE_VALUES:
        raise UserError(f"{path}: more than {TABLE_VALUES:,} values, which are accepted in all")
    try:
        rows = [
            row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if any(map(str.strip, row))
        ]
    except csv.Error as error:
        raise UserError(f"{path}: no table of values ({error})") from error
    if not rows:
        return []
    names = [name.strip() for name in rows[0]]
    if len(rows) * len(names) > TABLE_VALUES:
        raise UserError(f"{path}: {len(rows):,} rows of {len(names):,} values; accepted are {TABLE_VALUES:,} in all")
    if len(set(names)) < len(names):
        raise UserError(f"{path}: two columns have the same name ({', '.join(names)[:100]})")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) > len(names) and any(map(str.strip, row[len(names) :])):
            raise UserError(f"{path}: row {number} has {len(row)} values where the first line names {len(names)}")
        values = [_plain_number(value.strip(), separator) for value in row[: len(names)]]
        found.append(dict(zip(names, values + [""] * (len(names) - len(values)), strict=True)))
    return found


def rows_of(text: str, name: str) -> list[str]:
    """Return the lines of a table's text. Raises UserError, which names the table, when there are too many."""
    lines = text.split("\n", TABLE_ROWS + 1)
    if len(lines) > TABLE_ROWS + 1:
        raise UserError(f"{name}: more than {TABLE_ROWS:,} rows, which are accepted")
    return lines


def _plain_number(value: str, separator: str) -> str:
    """Return a value with its decimal comma as a point; others as they are."""
    if separator == "," or value.count(",") != 1 or "." in value:
        return value
    digits = value.replace(",", "").lstrip("+-")
    return value.replace(",", ".") if digits.isdecimal() else value
