"""python -m faceswap.extract video=craig.mp4."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.swapping import ExtractRequest


def extract(request: ExtractRequest) -> Path:
    """Makes a face set and returns its folder; with each=true one of each film, and returns the report on them."""
    from faceswap.commands.extracting import extract_each, extract_one
    from faceswap.config.build import require
    from faceswap.media.takes import films_named

    require(request, "video")
    if request.each:
        return extract_each(request, films_named(request.video) or [Path(request.video)])
    if request.workers > 1 or request.engine != "local":
        raise UserError("workers= and engine= share out films: say each=true, which makes a face set of each film")
    return extract_one(request)


if __name__ == "__main__":
    sys.exit(run_command("extract", extract))
