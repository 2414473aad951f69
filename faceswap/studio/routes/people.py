"""The people of a film: told apart by a command, then each given who they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from faceswap.core.face_set import ALIGNMENTS
from faceswap.studio.routes.repairing import film_of
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.reading import Untrusted, read_json_table
from faceswap.web.pages import go_to

router = APIRouter(prefix="/faces/{name}/people")


@router.get("")
def form(request: Request, name: str) -> Response:
    """Show who is in the film of a face set, and the runs that can draw them."""
    studio = studio_of(request)
    folder = studio.places.workspace.existing_faces(name)
    return page(
        request, "people.html", title=f"People of {name}", name=name, people=_people(studio, folder),
        runs=studio.places.workspace.run_names(),
    )  # fmt: skip


@router.post("/tell")
def tell(request: Request, name: str) -> Response:
    """Put telling the people apart into the queue."""
    studio = studio_of(request)
    studio.places.workspace.existing_faces(name)
    job = studio.submit("people", [f"faces={name}", f"out={_sheet(studio, name)}"], f"people of {name}")
    return go_to(f"/jobs/{job.id}")


@router.post("")
async def cast(request: Request, name: str) -> Response:
    """Lead on to convert, where each person becomes who was chosen."""
    studio = studio_of(request)
    numbers = [one["number"] for one in _people(studio, studio.places.workspace.existing_faces(name))]
    form = await request.form()
    chosen = {number: run for number in numbers if (run := str(form.get(f"person{number}", "")))}
    if not chosen:
        raise UserError("choose a run for somebody: all others stay as they were filmed")
    roles = ", ".join(f"{number}: {studio.places.workspace.existing_run(run).name}" for number, run in chosen.items())
    return go_to("/convert?" + urlencode({"map": "{" + roles + "}", "film": film_of(studio, name, 0)}))


def _sheet(studio: Studio, name: str) -> Path:
    return studio.places.workspace.out / f"{name}.people.html"


def _people(studio: Studio, folder: Path) -> list[dict[str, Any]]:
    """Return what the command told of each person; nothing where the set has changed since."""
    table = _sheet(studio, folder.name).with_suffix(".json")
    try:
        if table.stat().st_mtime_ns < (folder / ALIGNMENTS).stat().st_mtime_ns:
            return []
        told = read_json_table(table)
        return [_person(one) for one in told["people"]]
    except (OSError, Untrusted, LookupError, TypeError, ValueError):
        return []


def _person(told: dict[str, Any]) -> dict[str, Any]:
    films = told["films"]
    return {
        "number": int(told["number"]),
        "faces": int(told["faces"]),
        "picture": str(told["picture"]),
        "from_seconds": float(films[0]["from_seconds"]),
        "to_seconds": float(films[-1]["to_seconds"]),
    }
