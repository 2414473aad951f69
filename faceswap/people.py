"""python -m faceswap.people video=film.mp4: who is in a film, numbered for map= and only= of convert."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command
from faceswap.utils.errors import UserError

if TYPE_CHECKING:
    from faceswap.config.swapping import PeopleRequest
    from faceswap.utils.files.workspace import Workspace

log = logging.getLogger(__name__)


def people(request: PeopleRequest) -> Path:
    """Writes the sheet of the people in a film and its JSON; returns the sheet."""
    from faceswap.curation.film_people import FilmPeople
    from faceswap.curation.people_sheet import people_html, told
    from faceswap.facenets.embedder import FaceEmbedder
    from faceswap.utils.files.atomic import check_writable, write_json, write_text
    from faceswap.utils.files.workspace import Workspace

    workspace = Workspace(Path(request.workspace))
    if request.out and Path(request.out).suffix.lower() not in (".html", ".htm"):
        raise UserError(f"out={request.out}: the sheet is a page; say a name that ends in .html")
    folder = face_set_of(request, workspace)
    sheet = Path(request.out) if request.out else workspace.out / f"{folder.name}.people.html"
    table = sheet.with_suffix(".json")
    check_writable(sheet)
    check_writable(table)
    found = FilmPeople.read(folder, FaceEmbedder(device=request.device))
    film = request.video or folder.name
    lines = told(found)
    write_json(table, {"film": film, "face_set": str(folder), "people": lines})
    write_text(sheet, people_html(found, film))
    log.info("%d people; %s", len(lines), table)
    return sheet


def face_set_of(request: PeopleRequest, workspace: Workspace) -> Path:
    """The face set of a film: the one named, one made from it, else it is made now. Raises UserError."""
    from faceswap.commands.converting.film_faces import stored_faces
    from faceswap.detect.builtin.detector import BuiltinFinder
    from faceswap.extraction.pipeline import extract_faces
    from faceswap.media.takes import name_of_takes, probe_takes

    if request.faces:
        return workspace.existing_faces(request.faces)
    if not request.video:
        raise UserError("video= is missing: the film whose people are to be told apart (or faces=, its face set)")
    takes = probe_takes(request.video)
    stored = stored_faces("", takes[0], workspace)
    if stored is not None:
        return stored
    name = name_of_takes(request.video, takes)
    return extract_faces(takes, BuiltinFinder(device=request.device), workspace.faces(name))


if __name__ == "__main__":
    sys.exit(run_command("people", people))
