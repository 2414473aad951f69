"""python -m faceswap.invert photo=craig.jpg."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.config.build import require

if TYPE_CHECKING:
    from faceswap.config.editing import InvertRequest


def invert(request: InvertRequest) -> Path:
    """Finds the styles that draw a photo; returns their file, of several photos their folder."""
    require(request, "photo")
    from faceswap.commands.invert import invert_source

    return invert_source(request)


if __name__ == "__main__":
    sys.exit(run_command("invert", invert))
