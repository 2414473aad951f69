"""Where the faces of a film come from: the face set that was made of it, or a finder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.compositing.face_sources.matching import set_made_from
from faceswap.config.build import build
from faceswap.core.face_set import TOGETHER, FaceSet
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.swapping import ConvertRequest
    from faceswap.detect.protocol import Finder
    from faceswap.media.sources import SourceInfo
    from faceswap.utils.files.workspace import Workspace

log = logging.getLogger(__name__)


def source_of(workspace: Workspace, name: str) -> Path:
    """The video that a face set was made from. Raises UserError when it is unknown, gone, or one of several."""
    folder = workspace.existing_faces_together(name)
    parts = [folder] if folder.is_dir() else [folder.with_name(part) for part in folder.name.split(TOGETHER)]
    sources = [source.path for part in parts for source in FaceSet.open(part).sources]
    if len(sources) > 1:
        raise UserError(f"{name} is of several films: {', '.join(map(str, sources))}; say which: video=...")
    source = sources[0] if sources else None
    if source is None or not source.exists():
        raise UserError(f"the video of {name} ({source or 'not noted'}) is not there any more; say video=...")
    return source


def stored_for(request: ConvertRequest, info: SourceInfo, workspace: Workspace, performing: str) -> Path | None:
    """The face set of a film; with finder= only one that faces= names, for the rest of whose frames the finder is."""
    if request.finder and not request.faces:
        return None
    return stored_faces(request.faces, info, workspace, performing)


def stored_faces(name: str, info: SourceInfo, workspace: Workspace, performing: str = "") -> Path | None:
    """The face set to take alignments from: the one named, else one made from what this source holds now.

    The set that is called like the source comes first, then that of the person `performing`, then the others.
    """
    if name:
        return workspace.existing_faces(name)
    names = sorted(workspace.face_set_names(), key=lambda known: (known != info.name, known != performing, known))
    found = set_made_from([workspace.faces(known) for known in names], info)
    if found is not None:
        log.info("the faces are those of the face set %s", found.name)
    return found


def finder_for(request: ConvertRequest, info: SourceInfo, workspace: Workspace, stored: Path | None) -> Finder | None:
    """What finds faces in frames that no face set was made of; None where the set's own finder does."""
    if request.finder:
        return build(request.finder)
    return None if stored else usual_finder(info, workspace)


def usual_finder(info: SourceInfo, workspace: Workspace) -> Finder:
    """The finder for a source of which no face set was made. Raises UserError when its weights are not there."""
    known = ", ".join(workspace.face_set_names()) or "none"
    what = f"no face set was made from {info.path} as it is now (there are: {known}); say faces=NAME to take one"
    try:
        finder = BuiltinFinder()
        finder.prepare(info)
    except UserError as error:
        raise UserError(f"{what}, or finder=...: finding its faces anew does not work: {error}") from error
    log.warning("%s, or finder=...; its faces are found anew", what)
    return finder
