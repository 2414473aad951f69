"""Pair files: two names and a consent. They are data, read as texts; Hydra never sees them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from faceswap.config.groups import config_folder
from faceswap.config.swapping import Consent, Pair
from faceswap.config.wording import nearest
from faceswap.utils.errors import UserError
from faceswap.utils.limits import TEXT_CHARACTERS, YAML_BYTES
from faceswap.utils.untrusted.text_files import read_text
from faceswap.utils.untrusted.yaml_files import parse_yaml

_HEADER = re.compile(r"^\s*#\s*@", re.MULTILINE)
_PAIR, _CONSENT = ("name", "a", "b", "consent"), ("who", "purpose", "when", "until")


def find_pair_file(name: str, extra_folder: Path | None) -> Path | None:
    """The file of a pair: the user's folder comes before the shipped one. None where neither has it."""
    if not name or "/" in name or "\0" in name:
        return None
    folders = ([extra_folder] if extra_folder else []) + [config_folder()]
    return next((path for folder in folders if (path := folder / "pair" / f"{name}.yaml").is_file()), None)


def read_pair(path: Path) -> Pair:
    """Return what a pair file says; names and dates are the texts that stand there (007, no, 1e5, 2026-03-02).

    Raises:
        UserError: one line that names file and key, for a key that pairs do not have, a list, a package header, and
            `${...}`: a pair is data, nothing in it is resolved or imported.
    """
    text = read_text(path, YAML_BYTES)
    if _HEADER.search(text):
        raise UserError(f"{path}: a pair file is data and has no '# @package' line; take it out")
    values = parse_yaml(text, str(path), texts=True) or {}
    return pair_of(values, str(path))


def pair_of(values: Any, source: str) -> Pair:
    """Return the pair that a mapping of texts says, as `read_pair` does; `source` stands in messages."""
    told = _texts(values, _PAIR, source, "")
    consent = _texts(told.pop("consent", None) or {}, _CONSENT, source, "consent.")
    return Pair(**told, consent=Consent(**consent))


def _texts(values: Any, known: tuple[str, ...], source: str, prefix: str) -> dict[str, Any]:
    """The known keys of a mapping with their texts; nothing where the file says null."""
    if not isinstance(values, dict):
        what = f"{prefix.rstrip('.')}: " if prefix else ""
        raise UserError(f"{source}: {what}'{', '.join(known)}' are wanted, each with a text; not {str(values)[:60]!r}")
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            hint = nearest(str(key), list(known))
            raise UserError(
                f"{source}: a pair has no '{prefix}{str(key)[:60]}'{hint}; it holds {', '.join(known)} and nothing else"
            )
        if key == "consent":
            found[key] = value
        elif value is not None:
            together = key in ("a", "b") and isinstance(value, list)  # several face sets of one person
            texts = [_text(one, f"{source}: {prefix}{key}") for one in (value if together else [value])]
            found[key] = f"[{','.join(texts)}]" if together else texts[0]
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{where}: one text is wanted, not {str(value)[:60]}")
    if "${" in value:
        raise UserError(f"{where}: '${{...}}' is not resolved in a pair, which is data; write the text itself")
    if "\0" in value or len(value) > TEXT_CHARACTERS:
        raise UserError(f"{where}: a text of at most {TEXT_CHARACTERS} characters without NUL is wanted")
    return " ".join(value.split()) if "\n" in value else value
