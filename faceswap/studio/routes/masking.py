"""Masks painted over frames: what may be swapped and what stays as filmed, held from frame to frame."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from faceswap.curation.repair.painted import (
    painted_file,
    painted_folder,
    painted_frames,
    remove_painted,
    write_painted,
)
from faceswap.studio.routes.repairing import film_of
from faceswap.studio.shared.context import page, studio_of
from faceswap.utils.files.locks import locked

router = APIRouter(prefix="/faces/{name}/masks")


@router.get("")
def form(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Show a frame to be painted over."""
    studio = studio_of(request)
    info = studio.frames.info(film_of(studio, name, source))
    last = (info.frame_count or 1) - 1
    return page(
        request, "masks.html", title=f"Masks of {name}", name=name, source=source, frame=min(max(frame, 0), last),
        last=last, width=info.width, height=info.height,
    )  # fmt: skip


@router.get("/frames")
def frames(request: Request, name: str, source: int = 0) -> Response:
    """Answer with the frames from which masks hold."""
    return JSONResponse({"frames": painted_frames(_place(request, name, source))})


@router.get("/at.png")
def at(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Answer with the mask that holds in a frame; nothing where none was painted."""
    found = painted_file(_place(request, name, source), frame)
    return Response(status_code=204) if found is None else FileResponse(found, media_type="image/png")


@router.post("")
async def keep(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Keep a mask from a frame on."""
    studio = studio_of(request)
    png = await request.body()
    info = studio.frames.info(film_of(studio, name, source))
    place = _place(request, name, source)
    with locked(studio.places.workspace.existing_faces(name), "painting masks"):
        write_painted(place, frame, png, (info.width, info.height))
    return JSONResponse({"frames": painted_frames(place)})


@router.post("/remove")
def remove(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Remove the mask that begins at a frame."""
    place = _place(request, name, source)
    with locked(studio_of(request).places.workspace.existing_faces(name), "painting masks"):
        remove_painted(place, frame)
    return JSONResponse({"frames": painted_frames(place)})


def _place(request: Request, name: str, source: int) -> Path:
    return painted_folder(studio_of(request).places.workspace.existing_faces(name), source)
