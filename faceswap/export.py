"""python -m faceswap.export pair=craig_brosnan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace

if TYPE_CHECKING:
    from faceswap.config.swapping import ExportRequest


def export(request: ExportRequest) -> Path:
    """Writes one direction of a trained pair as ONNX, or as a .dfm, and returns the file."""
    suffix = f".{request.format}"
    if request.out and Path(request.out).suffix.lower() != suffix:
        raise UserError(f"out={request.out}: name a file that ends in {suffix}, or say format= (onnx, dfm)")
    from faceswap.commands.pairs import chosen_run

    source = chosen_run(request, Workspace(Path(request.workspace)))
    from faceswap.commands.export import write_export  # torch takes seconds: what is misspelt is told before

    return write_export(request, source)


if __name__ == "__main__":
    sys.exit(run_command("export", export))
