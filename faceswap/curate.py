"""python -m faceswap.curate faces=craig."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.curation.measures import Embedder


def curate(config: Any) -> Path:
    """Judges the faces of a set, takes out what was asked for, and returns the HTML sheet."""
    from faceswap.config.build import build, require
    from faceswap.curation.flags import REASONS
    from faceswap.curation.pipeline import curate_faces
    from faceswap.utils.files.workspace import Workspace

    require(config, "faces")
    return curate_faces(
        Workspace(Path(config.workspace)).existing_faces(config.faces),
        sort=config.sort,
        like=config.like,
        reject=REASONS if config.reject == ["all"] else config.reject or [],
        keep=config.keep or [],
        apply=Path(config.apply) if config.apply else None,
        restore=config.restore,
        limits=build(config.limits),
        embedder=embedder_on(config.device) if config.people else None,
    )


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
