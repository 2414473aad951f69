"""python -m faceswap.booth_film photo=anna.jpg."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.config.build import require

if TYPE_CHECKING:
    from faceswap.config.web import BoothFilmRequest


def booth_film(request: BoothFilmRequest) -> Path:
    """Make what a visitor takes home and return its folder."""
    require(request, "photo")
    from faceswap.commands.booth_film import make_souvenir

    return make_souvenir(request)


if __name__ == "__main__":
    sys.exit(run_command("booth_film", booth_film))
