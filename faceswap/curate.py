"""python -m faceswap.curate faces=craig."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.swapping import CurateRequest
    from faceswap.curation.measures import Embedder


def curate(request: CurateRequest) -> Path:
    """Judges the faces of a set, takes out what was asked for, and returns the HTML sheet."""
    from faceswap.config.build import build, require
    from faceswap.curation.pipeline import curate_faces
    from faceswap.utils.files.workspace import Workspace

    require(request, "faces")
    folder = Workspace(Path(request.workspace)).existing_faces(request.faces)
    embedder = embedder_on(request.device) if request.people else None
    return curate_faces(folder, replace(request, limits=build(request.limits)), embedder)


def embedder_on(device: str) -> Callable[[], Embedder]:
    """What makes the embedder, when it comes to that. Raises UserError for a device that is not there."""
    from faceswap.utils.devices import choose_device

    choose_device(device)  # asked for in vain it is a mistake; only without weights does curating do without

    def make() -> Embedder:
        from faceswap.facenets.embedder import FaceEmbedder

        return FaceEmbedder(device=device)

    return make


if __name__ == "__main__":
    sys.exit(run_command("curate", curate))
