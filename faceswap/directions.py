"""python -m faceswap.directions: the ways through a generator's styles along which one thing of a face changes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.exploring import DirectionsRequest


def directions(request: DirectionsRequest) -> Path:
    """Find directions or import some; return their file."""
    check_apart(request.preserve)
    check_source(request)
    from faceswap.commands.directions import write_directions

    return write_directions(request)


def check_apart(asked: Any) -> None:
    """Raise UserError unless `preserve=` is all, none, or a mapping of names to names."""
    if asked in ("all", "none"):
        return
    others = list(asked.values()) if isinstance(asked, Mapping) else [None]
    if not all(
        isinstance(one, str) or (isinstance(one, list) and all(isinstance(n, str) for n in one)) for one in others
    ):
        raise UserError(f"preserve={asked}: say all, none, or which from which as preserve={{smile: [glasses]}}")


def check_source(request: DirectionsRequest) -> None:
    """Raise UserError when directions of pairs are asked for together with what they have no use for."""
    others = [name for name in ("import_from", "labels", "pictures", "scorer") if getattr(request, name)]
    if request.pairs and others:
        raise UserError(f"pairs= says all that is to be known: leave out {'= and '.join(others)}=")


if __name__ == "__main__":
    sys.exit(run_command("directions", directions))
