"""What a killed process leaves beside the file that it was writing."""

from __future__ import annotations

import os
from pathlib import Path

from faceswap.utils.files.temporary import temp_path


def left_by(path: Path, process: int = 999_999_999) -> Path:
    """The temporary name that the process of this number (default: none that lives) gave `path`."""
    name = temp_path(path).name
    return path.with_name(name.replace(f"-{os.getpid()}-", f"-{process}-"))
