"""Text files of other programs, in whatever encoding; one reader for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from faceswap.utils.errors import UserError
from faceswap.utils.limits import TABLE_BYTES
from faceswap.utils.untrusted.encodings import decode_text
from faceswap.utils.untrusted.reading import parse_json, read_bytes


def read_text(path: str | Path, largest: int = TABLE_BYTES) -> str:
    """Return the text of an ordinary file of at most `largest` bytes, whichever program wrote it; see `decode_text`.

    Raises:
        UserError: one line with the file's name, when it cannot be opened, is larger, or is no text.
    """
    try:
        return decode_text(read_bytes(path, largest), str(path))
    except OSError as error:
        raise UserError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:  # NUL in the name, too
        raise UserError(f"cannot read {path!s}: {error}".replace("\0", "\\0")) from error


def read_json(path: str | Path, largest: int = TABLE_BYTES) -> Any:
    """Return what a JSON file holds.

    Raises:
        UserError: It is none.
    """
    try:
        return parse_json(read_text(path, largest))
    except ValueError as error:
        raise UserError(f"{path}: no JSON ({error})") from error
