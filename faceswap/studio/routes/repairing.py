"""Repair: the points of faces moved on the frame, faces added, changes carried along a track, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray

from faceswap.curation.repair.repair import FaceRepair, undo
from faceswap.media.pictures.images import encode_image
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.utils.errors import UserError
from faceswap.utils.untrusted.reading import parse_json

router = APIRouter(prefix="/faces/{name}")
_QUALITY = 92


@router.get("/repair")
def form(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Show a frame of the set's film with the points of its faces."""
    studio = studio_of(request)
    film = film_of(studio, name, source)
    info = studio.frames.info(film)
    films = [one.path.name for one in studio.desk.face_set(studio.places.workspace.existing_faces(name)).sources]
    last = (info.frame_count or 1) - 1
    return page(
        request, "repair.html", title=f"Repair {name}", name=name, source=source, films=films, frame=min(frame, last),
        last=last, width=info.width, height=info.height,
    )  # fmt: skip


@router.get("/frame.jpg")
def frame(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Answer with a frame of the set's film as it was filmed."""
    studio = studio_of(request)
    image = studio.frames.frame(film_of(studio, name, source), frame).image
    return Response(encode_image(image, ".jpg", quality=_QUALITY, metadata=None), media_type="image/jpeg")


@router.get("/points")
def points(request: Request, name: str, source: int = 0, frame: int = 0) -> Response:
    """Answer with the faces of a frame."""
    studio = studio_of(request)
    return JSONResponse(studio.desk.told(studio.places.workspace.existing_faces(name), source, frame))


@router.post("/find")
def find(
    request: Request,
    name: str,
    box: Annotated[str, Form()],
    frame: Annotated[int, Form()],
    source: Annotated[int, Form()] = 0,
) -> Response:
    """Answer with the points that are seen in a box that was drawn."""
    studio = studio_of(request)
    edges = _numbers(box, (4,), "a box has four edges")
    found = studio.desk.points_in_box(studio.frames.frame(film_of(studio, name, source), frame), edges)
    return JSONResponse({"points": np.round(found.astype(float), 2).tolist()})


@router.post("/move")
def move(
    request: Request,
    name: str,
    file: Annotated[str, Form()],
    points: Annotated[str, Form()],
    source: Annotated[int, Form()] = 0,
) -> Response:
    """Give a face other points."""
    record = _repair(request, name, source).move(file, _points(points))
    return _told(request, name, source, record.frame, "saved")


@router.post("/add")
def add(
    request: Request, name: str, frame: Annotated[int, Form()], points: Annotated[str, Form()],
    track: Annotated[str, Form()] = "", source: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """Add a face that was missed."""
    if track and not track.isdecimal():
        raise UserError("a track is a number")
    record = _repair(request, name, source).add(frame, _points(points), int(track) if track else None)
    return _told(request, name, source, frame, f"added to track {record.track}")


@router.post("/carry")
def carry(
    request: Request, name: str, frame: Annotated[int, Form()], track: Annotated[int, Form()],
    first: Annotated[int, Form()], last: Annotated[int, Form()],
    how: Annotated[Literal["shift", "between"], Form()] = "shift", source: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """Carry what was set by hand along a track."""
    changed = _repair(request, name, source).carry(track, first, last, how)
    return _told(request, name, source, frame, f"{len(changed)} faces changed")


@router.post("/undo")
def take_back(
    request: Request, name: str, frame: Annotated[int, Form()], source: Annotated[int, Form()] = 0
) -> Response:
    """Take back the last repair of the set."""
    gone = undo(studio_of(request).places.workspace.existing_faces(name))
    frames = sorted({one.record.frame for one in gone.exchanges})
    return _told(
        request, name, source, frame, f"taken back: frame {frames[0]}{' to ' + str(frames[-1]) if frames[1:] else ''}"
    )


def film_of(studio: Studio, name: str, source: int) -> Path:
    """Return the film that a face set was made from. Raises UserError where the studio may not read it."""
    sources = studio.desk.face_set(studio.places.workspace.existing_faces(name)).sources
    if not 0 <= source < len(sources):
        raise UserError(f"{name} does not tell of which film it is; extract it again")
    return studio.places.inside(sources[source].path)


def _repair(request: Request, name: str, source: int) -> FaceRepair:
    studio = studio_of(request)
    film = film_of(studio, name, source)
    return FaceRepair(studio.places.workspace.existing_faces(name), studio.frames.info(film), source)


def _told(request: Request, name: str, source: int, frame: int, what: str) -> Response:
    studio = studio_of(request)
    told: dict[str, Any] = studio.desk.told(studio.places.workspace.existing_faces(name), source, frame)
    return JSONResponse(told | {"told": what})


def _points(text: str) -> NDArray[np.float32]:
    return _numbers(text, (68, 2), "a face has 68 points, each of two numbers")


def _numbers(text: str, shape: tuple[int, ...], otherwise: str) -> NDArray[np.float32]:
    try:
        found = np.asarray(parse_json(text), np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(otherwise) from error
    if found.shape != shape:
        raise UserError(otherwise)
    return found
