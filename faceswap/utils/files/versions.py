"""Refusal of files written by a newer version of the program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import faceswap
from faceswap.utils.errors import UserError

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\b")


def refuse_newer(path: Path, version: Any) -> None:
    """Raise UserError when `version`, as a file tells it, is a later release than this one (1.2.3: its 1.2 counts).

    What tells none, or one that makes no sense, passes: older files do.
    """
    told, ours = _release(version), _release(faceswap.__version__)
    if told is not None and ours is not None and told > ours:
        raise UserError(
            f"{path} was written by version {str(version)[:20]} of this program, and this is {faceswap.__version__}: "
            "update the program to use it"
        )


def refuse_newer_format(path: Path, number: Any, newest: int) -> None:
    """Raise UserError when a file tells another format than 1 to `newest`; None stands for 1."""
    if number is not None and (type(number) is not int or not 1 <= number <= newest):
        raise UserError(
            f"{path} has the format {str(number)[:20]}, and this version of the program knows 1 to {newest}: "
            "update the program to use it"
        )


def _release(version: Any) -> tuple[int, int] | None:
    found = _VERSION.match(version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None
