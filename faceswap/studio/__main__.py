"""python -m faceswap.studio workspace=workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.web import StudioRequest


def studio(request: StudioRequest) -> Path:
    """Open the studio, and return its workspace when it is closed."""
    from faceswap.studio.server import StudioSettings, serve

    media = [Path(one) for one in request.media.split(os.pathsep) if one]
    root, address = Path(request.workspace), (request.host, request.port)
    return serve(StudioSettings(root, media, request.database, *address, request.workers, request.device))


if __name__ == "__main__":
    sys.exit(run_command("studio", studio))
