"""Extract: choose a film, name the face set, look on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from faceswap.studio.shared.context import page, studio_of
from faceswap.studio.shared.forms import fields_of, said
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter()
_SETTINGS = ("every", "size_px", "minimum_face_px", "stop", "smooth_frames")


@router.get("/extract")
def form(request: Request, film: str = "") -> Response:
    """Show the form."""
    studio = studio_of(request)
    return page(
        request, "extract.html", title="Extract", films=list(studio.places.media()), chosen=film,
        fields=fields_of("extract", _SETTINGS),
    )  # fmt: skip


@router.post("/extract")
async def start(
    request: Request,
    film: Annotated[str, Form()] = "",
    path: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Put an extraction into the queue."""
    studio = studio_of(request)
    if not (film or path.strip()):
        raise UserError("choose a film, or name its path")
    found = studio.places.film(path.strip() or film)
    title = name.strip() or found.stem
    studio.places.workspace.faces(title)  # a name that is none is told here
    values = {key: str(value) for key, value in (await request.form()).items()}
    arguments = [f"video={found}", f"name={title}", *said(fields_of("extract", _SETTINGS), values)]
    job = studio.submit("extract", arguments, f"extract {title}")
    return go_to(f"/jobs/{job.id}")
