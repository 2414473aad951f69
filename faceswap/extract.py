"""python -m faceswap.extract video=craig.mp4."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.extraction.identity import Person


def extract(config: Any) -> Path:
    """Makes a face set and returns its folder."""
    from faceswap.config.build import build, require
    from faceswap.extraction.pipeline import extract_faces
    from faceswap.media.takes import name_of_takes, probe_takes
    from faceswap.utils.files.workspace import Workspace

    require(config, "video")
    takes = probe_takes(config.video)
    folder = Workspace(Path(config.workspace)).faces(config.name or name_of_takes(config.video, takes))
    return extract_faces(
        takes,
        build(config.finder),
        folder,
        size_px=config.size_px,
        every=config.every,
        start=config.start,
        stop=config.stop,
        image_format=config.image_format,
        minimum_face_px=config.minimum_face_px,
        smooth_frames=config.smooth_frames,
        keep=person_to_keep(config),
        restart=config.restart,
    )


def person_to_keep(config: Any) -> Person | None:
    """Who is on the photo, or in the face set, of `person=`; None without it."""
    if not config.person:
        return None
    from faceswap.detect.builtin.detector import BuiltinFinder
    from faceswap.extraction.identity import person_of
    from faceswap.facenets.embedder import embedder_of

    device = getattr(config.finder, "device", "auto")
    embedder = embedder_of(getattr(config.finder, "embedder_weights", None), device)
    return person_of(config.person, config.person_similarity, BuiltinFinder(device=device), embedder)


if __name__ == "__main__":
    sys.exit(run_command("extract", extract))
