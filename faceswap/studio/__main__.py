"""python -m faceswap.studio workspace=workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from faceswap.cli.runner import run_command


def studio(config: Any) -> Path:
    """Open the studio, and return its workspace when it is closed."""
    from faceswap.studio.server import StudioSettings, serve

    media = [Path(one) for one in config.media.split(os.pathsep) if one]
    return serve(
        StudioSettings(
            Path(config.workspace), media, config.database, config.host, config.port, config.workers, config.device
        )
    )


if __name__ == "__main__":
    sys.exit(run_command("studio", studio))
