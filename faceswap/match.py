"""python -m faceswap.match photo=anna.jpg."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.config.build import require

if TYPE_CHECKING:
    from faceswap.config.web import MatchRequest


def match(request: MatchRequest) -> Path:
    """Look a face up in a gallery and return the sheet of whom it is most and least alike."""
    require(request, "photo")
    from faceswap.commands.match import match_photo

    return match_photo(request)


if __name__ == "__main__":
    sys.exit(run_command("match", match))
