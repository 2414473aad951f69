"""Curate: the faces of a set by person, with what speaks against them; take out and put back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from faceswap.core.face_set import CURATION_REPORT, REMOVED
from faceswap.curation.inventory import FaceInventory
from faceswap.jobs.tables import new_id
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import write_json
from faceswap.utils.untrusted.reading import Untrusted, read_json_table
from faceswap.web.pages import go_to

router = APIRouter(prefix="/faces")
_SHOWN = 600


@dataclass
class _Person:
    """Somebody of a face set: the faces that stay and those that were taken out."""

    number: int
    faces: list[dict[str, Any]] = field(default_factory=list)


@router.get("/{name}")
def sheet(request: Request, name: str) -> Response:
    """Show the faces of a set; by person once they were judged."""
    studio = studio_of(request)
    folder = studio.places.workspace.existing_faces(name)
    found = FaceInventory.open(folder)
    judged = {one["file"]: one for one in _judged(folder, found)}
    people: dict[int, _Person] = {}
    for index, file in list(enumerate(found.files))[:_SHOWN]:
        told = judged.get(file, {})
        number = int(told.get("person", 1))
        face = {"file": file, "removed": bool(found.removed[index]), "against": told.get("against", []),
                "frame": found.records[index].frame}  # fmt: skip
        people.setdefault(number, _Person(number)).faces.append(face)
    return page(
        request, "faces.html", title=name, name=name, people=sorted(people.values(), key=lambda one: one.number),
        is_judged=bool(judged), count=int((~found.removed).sum()), removed=int(found.removed.sum()),
        more=max(0, len(found) - _SHOWN),
    )  # fmt: skip


@router.get("/{name}/crops/{file}")
def crop(request: Request, name: str, file: str) -> Response:
    """Answer with the picture of a face, also of one that was taken out."""
    studio = studio_of(request)
    folder = studio.places.workspace.existing_faces(name)
    is_there = (folder / file).is_file() if Path(file).name == file else False
    found = studio.places.below(folder if is_there else folder / REMOVED, file)
    if found.suffix.lower() not in (".jpg", ".png", ".webp"):
        raise UserError("that is no face")
    return FileResponse(found)


@router.post("/{name}/judge")
def judge(request: Request, name: str) -> Response:
    """Put a look at all faces into the queue: whose they are, what speaks against them."""
    return _queued(studio_of(request), request, name, [], f"judge {name}")


@router.post("/{name}/keep/{person}")
def keep(request: Request, name: str, person: int) -> Response:
    """Take out everybody but one person of the sheet; convert then leaves the others as they were filmed."""
    if person < 1:
        raise UserError("people are counted from 1")
    return _queued(studio_of(request), request, name, [f"keep={person}"], f"keep person {person} of {name}")


@router.post("/{name}/marks")
async def marks(request: Request, name: str) -> Response:
    """Take out and put back the faces that were marked."""
    studio = studio_of(request)
    folder = studio.places.workspace.existing_faces(name)
    chosen = [str(value) for value in (await request.form()).getlist("face")]
    if not chosen:
        raise UserError("mark the faces first")
    found = FaceInventory.open(folder)
    removed = dict(zip(found.files, found.removed.tolist(), strict=True))
    if unknown := [file for file in chosen if file not in removed]:
        raise UserError(f"{unknown[0][:60]} is no face of {name}")
    told = {
        "faces": name,
        "fingerprint": found.fingerprint(),
        "reject": [file for file in chosen if not removed[file]],
        "restore": [file for file in chosen if removed[file]],
    }
    place = studio.queue.folder / "marks" / f"{new_id()}.json"
    write_json(place, told)
    return _queued(studio, request, name, [f"apply={place}"], f"take out of {name}")


def _queued(studio: Studio, request: Request, name: str, arguments: list[str], title: str) -> Response:
    studio.places.workspace.existing_faces(name)
    job = studio.submit("curate", [f"faces={name}", *arguments], title)
    return go_to(f"/jobs/{job.id}")


def _judged(folder: Path, found: FaceInventory) -> list[dict[str, Any]]:
    """Return what curation.json says of each face; nothing where it is of an earlier extraction."""
    try:
        report = read_json_table(folder / CURATION_REPORT)
    except (OSError, Untrusted):
        return []
    if report.get("fingerprint") != found.fingerprint() or not isinstance(report.get("list"), list):
        return []
    return [one for one in report["list"] if isinstance(one, dict) and isinstance(one.get("file"), str)]
