"""Photos: whom a face resembles, a face made older or turned, one face turning into another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from faceswap.media.pictures.images import READ_SUFFIXES
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.studio.shared.forms import Field, fields_of, said
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter(prefix="/photos")
_MORPH = ("seconds", "weight", "there_and_back")
_MADE = ("film", "child")
_SIGMAS = 3.0


@router.get("")
def forms(request: Request) -> Response:
    """Show the forms."""
    pictures = [path for path in studio_of(request).places.media() if path.suffix.lower() in READ_SUFFIXES]
    return page(
        request, "photos.html", title="Photos", pictures=pictures, directions=_directions(), morph=_morph_fields()
    )  # fmt: skip


@router.post("/match")
def match(request: Request, photo: Annotated[str, Form()] = "", gallery: Annotated[str, Form()] = "") -> Response:
    """Put a look into the gallery into the queue."""
    studio = studio_of(request)
    own = [f"gallery={studio.places.inside(gallery.strip())}"] if gallery.strip() else []
    found = _photo(studio, photo)
    return _queued(request, "match", [f"photo={found}", "top=5", *own], f"look-alikes of {found.name}")


@router.post("/edit")
async def edit(request: Request, photo: Annotated[str, Form()] = "") -> Response:
    """Put a change of a face into the queue."""
    found = _photo(studio_of(request), photo)
    values = {key: str(value) for key, value in (await request.form()).items()}
    moves = said(_directions(), values)
    if not moves:
        raise UserError("move a slider first")
    return _queued(request, "edit", [f"photo={found}", *moves], f"edit {found.name}")


@router.post("/morph")
async def morph(request: Request, a: Annotated[str, Form()] = "", b: Annotated[str, Form()] = "") -> Response:
    """Put a morph of two faces, or their child, into the queue."""
    studio = studio_of(request)
    first, second = _photo(studio, a), _photo(studio, b)
    values = {key: str(value) for key, value in (await request.form()).items()}
    arguments = [f"a={first}", f"b={second}", *said(_morph_fields(), values)]
    return _queued(request, "morph", arguments, f"{first.stem} and {second.stem}")


def _queued(request: Request, command: str, arguments: list[str], title: str) -> Response:
    job = studio_of(request).submit(command, arguments, title)
    return go_to(f"/jobs/{job.id}")


def _photo(studio: Studio, text: str) -> Path:
    if not text:
        raise UserError("choose a photo; drop one on the workspace page first")
    found = studio.places.film(text)
    if found.suffix.lower() not in READ_SUFFIXES:
        raise UserError(f"{found.name} is a film: choose a photo")
    return found


def _directions() -> list[Field]:
    """The directions of the shipped generator as sliders, in sigmas of its faces."""
    from faceswap.stylegan.directions.directions import load_directions

    known: Any = load_directions().directions
    low, high = f"{-_SIGMAS:g}", f"{_SIGMAS:g}"
    return [Field(name, "slider", "", "0", low=low, high=high, step="0.1") for name in sorted(known)]


def _morph_fields() -> list[Field]:
    others = fields_of("morph", _MORPH)
    return [Field("make", "choice", "a film of the way, or a picture of their child", "film", _MADE), *others]
