"""python -m faceswap.convert: face B through decoder A, blended back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap.config.command import run_command

if TYPE_CHECKING:
    from faceswap.faces.workspace import Workspace
    from faceswap.media.sources import SourceInfo


def convert(config: Any) -> Path:
    """Writes the swapped film and returns its path."""
    from faceswap.blend.pipeline import convert_video
    from faceswap.config.compose import build
    from faceswap.config.nodes import FaceAlignmentNode
    from faceswap.faces.workspace import Workspace
    from faceswap.media.sources import probe
    from faceswap.pairs import consent_metadata, recorded_pair, resolve_pair, show_consent
    from faceswap.swap.inference import Swapper

    workspace = Workspace(Path(config.workspace))
    pair = config.pair
    if pair.a or pair.b:
        pair.name = resolve_pair(pair, workspace)[0]
    run = workspace.existing_run(pair.name or workspace.last_run())
    a, b, consent = recorded_pair(run)
    pair.consent = pair.consent if pair.consent.who else type(pair.consent)(**consent)
    show_consent(pair.consent)
    shown, performing = (a, b) if config.to == "a" else (b, a)
    info = probe(config.video or source_of(workspace, performing))
    stored = None if config.finder else stored_faces(config.faces, info, workspace)
    return convert_video(
        info,
        Swapper.load(run, None if config.checkpoint is None else f"{config.checkpoint:08d}", config.device),
        Path(config.out).expanduser() if config.out else workspace.out / f"{info.name}_as_{shown}{suffix_of(info)}",
        faces=stored,
        finder=None if stored else build(config.finder or FaceAlignmentNode()),
        mask=build(config.mask),
        colour=build(config.colour),
        blender=build(config.blender),
        to=config.to,
        tracks=config.tracks,
        start=config.start,
        stop=config.stop,
        batch_size=config.batch_size,
        smooth_frames=config.smooth_frames,
        smooth_colour=config.smooth_colour,
        fill_frames=config.fill_frames,
        side_by_side=config.side_by_side,
        metadata=consent_metadata(pair.consent),
        crf=config.crf,
        preset=config.preset,
        image_quality=config.image_quality,
    )


def source_of(workspace: Workspace, name: str) -> Path:
    """The video that a face set was made from. Raises UserError when it is unknown or gone."""
    from faceswap.faces.errors import UserError
    from faceswap.faces.face_set import FaceSet

    source = FaceSet.open(workspace.existing_faces(name)).source
    if source is None or not source.exists():
        raise UserError(f"the video of {name} ({source or 'not noted'}) is not there any more; say video=...")
    return source


def stored_faces(name: str, info: SourceInfo, workspace: Workspace) -> Path | None:
    """The face set to take alignments from: the one named, or the one made from this very source."""
    from faceswap.faces.face_set import ALIGNMENTS, FaceSet

    if name:
        return workspace.existing_faces(name)
    folder = workspace.faces(info.name)
    if not (folder / ALIGNMENTS).is_file():
        return None
    source = FaceSet.open(folder).source
    return folder if source is not None and source.resolve() == Path(info.path).resolve() else None


def suffix_of(info: SourceInfo) -> str:
    """The result's suffix: films become MP4 unless they were MOV or MKV, pictures keep theirs, a folder has none."""
    suffix = Path(info.path).suffix.lower()
    if info.kind != "images":
        return suffix if suffix in (".mp4", ".mov", ".mkv") else ".mp4"
    return suffix if info.is_still else ""


if __name__ == "__main__":
    sys.exit(run_command("convert", convert))
