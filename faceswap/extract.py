"""python -m faceswap.extract video=craig.mp4."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.swapping import ExtractRequest
    from faceswap.extraction.identity import Person


def extract(request: ExtractRequest) -> Path:
    """Makes a face set and returns its folder."""
    from faceswap.config.build import build, require
    from faceswap.extraction.pipeline import extract_faces
    from faceswap.media.takes import name_of_takes, probe_takes
    from faceswap.utils.files.workspace import Workspace

    require(request, "video")
    takes = probe_takes(request.video)
    folder = Workspace(Path(request.workspace)).faces(request.name or name_of_takes(request.video, takes))
    return extract_faces(takes, build(request.finder), folder, request, person_to_keep(request))


def person_to_keep(request: ExtractRequest) -> Person | None:
    """Who is on the photo, or in the face set, of `person=`; None without it."""
    if not request.person:
        return None
    from faceswap.detect.builtin.detector import BuiltinFinder
    from faceswap.extraction.identity import person_of
    from faceswap.facenets.embedder import embedder_of

    device = getattr(request.finder, "device", "auto")
    embedder = embedder_of(getattr(request.finder, "embedder_weights", None), device)
    return person_of(request.person, request.person_similarity, BuiltinFinder(device=device), embedder)


if __name__ == "__main__":
    sys.exit(run_command("extract", extract))
