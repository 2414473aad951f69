"""python -m faceswap.morph a=craig.jpg b=brosnan.jpg."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.config.build import require

if TYPE_CHECKING:
    from faceswap.config.exploring import MorphRequest


def morph(request: MorphRequest) -> Path:
    """Turn one face into another, cross or mix them, as `make=` says; return the path of the result."""
    require(request, *{"composite": ("faces",), "cartoon": ("a", "cartoon")}.get(request.make, ("a", "b")))
    from faceswap.commands.morph import make

    return make(request)


if __name__ == "__main__":
    sys.exit(run_command("morph", morph))
