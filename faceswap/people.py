"""python -m faceswap.people video=film.mp4: who is in a film, numbered for map= and only= of convert."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.swapping import PeopleRequest


def people(request: PeopleRequest) -> Path:
    """Writes the sheet of the people in a film and its JSON; returns the sheet."""
    if request.out and Path(request.out).suffix.lower() not in (".html", ".htm"):
        raise UserError(f"out={request.out}: the sheet is a page; say a name that ends in .html")
    from faceswap.commands.converting.people import write_people

    return write_people(request)


if __name__ == "__main__":
    sys.exit(run_command("people", people))
