"""Photos: whom a face resembles, a face made older or turned, one face turning into another; seen before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response

from faceswap.jobs.command_lines import shown
from faceswap.media.pictures.images import READ_SUFFIXES, encode_made
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.studio.shared.forms import Field, fields_of, said
from faceswap.studio.shared.photo_memory import Made
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter(prefix="/photos")
_MORPH = ("seconds", "hold_seconds", "easing", "there_and_back", "pixels")
_SIGMAS = 3.0
_QUALITY = 92


@router.get("")
def forms(request: Request) -> Response:
    """Show the forms, and the pictures as they would become."""
    pictures = [path for path in studio_of(request).places.media() if path.suffix.lower() in READ_SUFFIXES]
    return page(
        request, "photos.html", title="Photos", pictures=pictures, directions=_directions(), morph=_morph_fields()
    )


@router.get("/edit.jpg")
def edited(request: Request, photo: str = "") -> Response:
    """Answer with a photo after its sliders' moves."""
    studio = studio_of(request)
    moves = dict(one.split("=", 1) for one in said(_directions(), request.query_params))
    return _picture(studio.photos.edited(_photo(studio, photo), moves))


@router.get("/way.jpg")
def way(request: Request, a: str = "", b: str = "", way: float = 0.5, make: str = "film") -> Response:
    """Answer with a face on the way from one photo to another, or with their child."""
    studio = studio_of(request)
    return _picture(studio.photos.between(_photo(studio, a), _photo(studio, b), way, is_child=make == "child"))


@router.get("/line")
def line(request: Request, command: Literal["edit", "morph"]) -> Response:
    """Answer with the command that makes what is shown."""
    studio = studio_of(request)
    arguments = (_edit_said if command == "edit" else _morph_said)(studio, request.query_params)
    text = shown(command, [*arguments, f"workspace={studio.places.workspace.root}"])
    return page(request, "line_part.html", line=text, id=f"{command}-line")


@router.post("/match")
def match(request: Request, photo: Annotated[str, Form()] = "", gallery: Annotated[str, Form()] = "") -> Response:
    """Put a look into the gallery into the queue."""
    studio = studio_of(request)
    own = [f"gallery={studio.places.inside(gallery.strip())}"] if gallery.strip() else []
    found = _photo(studio, photo)
    return _queued(request, "match", [f"photo={found}", "top=5", *own], f"look-alikes of {found.name}")


@router.post("/edit")
async def edit(request: Request) -> Response:
    """Put an edit of a face into the queue."""
    arguments = _edit_said(studio_of(request), await _values(request))
    if len(arguments) == 1:
        raise UserError("move a slider first")
    return _queued(request, "edit", arguments, f"edit {Path(arguments[0].partition('=')[2]).name}")


@router.post("/morph")
async def morph(request: Request) -> Response:
    """Put a morph of two faces, or their child, into the queue."""
    arguments = _morph_said(studio_of(request), await _values(request))
    names = [Path(one.partition("=")[2]).stem for one in arguments[:2]]
    return _queued(request, "morph", arguments, " and ".join(names))


async def _values(request: Request) -> dict[str, str]:
    return {key: str(value) for key, value in (await request.form()).items()}


def _edit_said(studio: Studio, values: Mapping[str, str]) -> list[str]:
    return [f"photo={_photo(studio, values.get('photo', ''))}", *said(_directions(), values)]


def _morph_said(studio: Studio, values: Mapping[str, str]) -> list[str]:
    first, second = (_photo(studio, values.get(side, "")) for side in ("a", "b"))
    is_child = values.get("make") == "child"
    share = str(values.get("way", "0.5"))
    own = (
        ["make=child", *([f"weight={share}"] if share != "0.5" else [])] if is_child else said(_morph_fields(), values)
    )
    return [f"a={first}", f"b={second}", *own]


def _queued(request: Request, command: str, arguments: list[str], title: str) -> Response:
    job = studio_of(request).submit(command, arguments, title)
    return go_to(f"/jobs/{job.id}")


def _picture(made: Made) -> Response:
    data = encode_made(made.image, "studio.jpg", quality=_QUALITY, metadata=dict(made.about))
    return Response(data, media_type="image/jpeg")


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
    return fields_of("morph", _MORPH)
