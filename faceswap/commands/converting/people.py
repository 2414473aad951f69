"""What `python -m faceswap.people` makes: the sheet of the people in a film, and its JSON."""

from __future__ import annotations

import logging
from pathlib import Path

from faceswap.commands.converting.film_faces import stored_faces
from faceswap.config.swapping import PeopleRequest
from faceswap.curation.film_people import FilmPeople
from faceswap.curation.people_sheet import people_html, told
from faceswap.detect.builtin.detector import BuiltinFinder
from faceswap.extraction.pipeline import extract_faces
from faceswap.facenets.embedder import FaceEmbedder
from faceswap.media.takes import name_of_takes, probe_takes
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import check_writable, write_json, write_text
from faceswap.utils.files.workspace import Workspace

log = logging.getLogger(__name__)


def write_people(request: PeopleRequest) -> Path:
    """Write the sheet and its JSON; return the sheet."""
    workspace = Workspace(Path(request.workspace))
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
