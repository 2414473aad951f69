"""Settings by keyword, checked before they are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from faceswap.utils.errors import UserError


def check_names(settings: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise UserError for the name of a setting that is none, and say which it may be."""
    names = list(known)
    for name in settings:
        if name not in names:
            near = get_close_matches(name, names, 1)
            told = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names))}"
            raise UserError(f"there is no setting {name}: {told}")
