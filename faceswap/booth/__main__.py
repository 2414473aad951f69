"""python -m faceswap.booth workspace=workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.web import BoothRequest


def booth(request: BoothRequest) -> Path:
    """Open the booth, and return its workspace when it is closed."""
    from faceswap.booth.server import serve

    return serve(request)


if __name__ == "__main__":
    sys.exit(run_command("booth", booth))
