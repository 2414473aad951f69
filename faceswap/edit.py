"""python -m faceswap.edit photo=craig.jpg smile=+1.5 age=-2."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.editing import EditRequest


def edit(request: EditRequest) -> Path:
    """Move the face of a photo or a film along directions; return what was written."""
    if bool(request.photo) == bool(request.video):
        raise UserError("say what to edit: one of photo=... and video=...")
    from faceswap.commands.edit import edit_source

    return edit_source(request)


if __name__ == "__main__":
    sys.exit(run_command("edit", edit))
