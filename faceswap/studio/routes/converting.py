"""Convert: a frame before and after, the settings that make it, then the film."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from faceswap.film_faces import source_of
from faceswap.media.pictures.images import encode_image
from faceswap.provenance.notice import made_with_ai
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.studio.shared.forms import Field, fields_of, plugin_fields, said
from faceswap.studio.shared.preview import frame_count
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter(prefix="/convert")
_CHOICES = ("mask", "colour", "blender", "detail", "sharpen", "grain")
_PLUGINS = ("mask", "blender")
_QUALITY = 90


@router.get("/{run}")
def form(request: Request, run: str, film: str = "") -> Response:
    """Show a frame of a film with the settings beside it."""
    studio = studio_of(request)
    studio.places.workspace.existing_run(run)
    chosen = studio.places.film(film) if film else _usual_film(studio, run)
    fields = fields_of("convert", _CHOICES)
    return page(
        request, "convert.html", title=f"Convert with {run}", run=run, films=list(studio.places.media()), film=chosen,
        frames=frame_count(chosen) if chosen else 0, fields=fields, sliders=_sliders({}),
    )  # fmt: skip


@router.get("/{run}/settings")
def settings(request: Request, run: str) -> Response:
    """Answer with the sliders that belong to the chosen mask and blender."""
    return page(request, "sliders.html", fields=_sliders(request.query_params))


@router.get("/{run}/frame.jpg")
def frame(request: Request, run: str, film: str, frame: int = 0, side: str = "b") -> Response:
    """Answer with a frame as it was filmed (side=a) or as it would be (side=b)."""
    studio = studio_of(request)
    found = studio.places.film(film)
    if frame < 0:
        raise UserError("frames count from 0")
    before, after = studio.preview.frame(run, found, frame, _said(request.query_params))
    about = made_with_ai("the face in this picture was swapped")
    data = encode_image(
        before if side == "a" else after, ".jpg", quality=_QUALITY, metadata=None if side == "a" else about
    )
    return Response(data, media_type="image/jpeg")


@router.post("/{run}")
async def start(request: Request, run: str, film: Annotated[str, Form()] = "") -> Response:
    """Put the film into the queue."""
    studio = studio_of(request)
    studio.places.workspace.existing_run(run)
    found = studio.places.film(film)
    values = {key: str(value) for key, value in (await request.form()).items()}
    job = studio.submit("convert", [f"run={run}", f"video={found}", *_said(values)], f"convert {found.name}")
    return go_to(f"/jobs/{job.id}")


def _said(values: Mapping[str, str]) -> list[str]:
    return said([*fields_of("convert", _CHOICES), *_sliders(values)], values)


def _sliders(values: Mapping[str, str]) -> list[Field]:
    usual = {field.name: field.value for field in fields_of("convert", _PLUGINS)}
    return [one for owner in _PLUGINS for one in plugin_fields(owner, values.get(owner, usual[owner]))]


def _usual_film(studio: Studio, run: str):  # type: ignore[no-untyped-def]
    """The film of B's face set, where it may be read; else the first there is."""
    from faceswap.swap.runs.run_record import recorded_pair

    workspace = studio.places.workspace
    try:
        return studio.places.film(source_of(workspace, recorded_pair(workspace.run(run))[1]))
    except UserError:
        return next(studio.places.media(), None)
