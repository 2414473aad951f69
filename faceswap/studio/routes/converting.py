"""Convert: a frame before and after, the settings that make it along the film, then the film."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from faceswap.commands.converting.film_faces import source_of
from faceswap.config.schema import settings_of
from faceswap.curation.repair.painted import painted_folder, painted_frames
from faceswap.jobs.command_lines import shown
from faceswap.media.pictures.images import encode_image, encode_made
from faceswap.studio.shared.context import Studio, page, studio_of
from faceswap.studio.shared.forms import Field, fields_of, plugin_fields, said
from faceswap.studio.shared.preview import frame_count
from faceswap.swap.runs.run_record import recorded_pair
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter(prefix="/convert")
_PASTED = ("mask", "keep", "colour", "blender", "detail")
_FINISHED = ("sharpen", "motion_blur", "grain", "smooth_colour", "smooth_frames", "fade_from_yaw")
_KEYED = ("strength", "face_scale")  # what may change along the film, besides what is a plugin's
_UNPAINTED = "none"
_PLUGINS = ("mask", "blender", "detail")
_QUALITY = 90
_PERSON = re.compile(r"\s*(\d{1,6})\s*:\s*([^\s,:{}'\"]+)\s*")


@router.get("")
def form(request: Request, run: str = "", map: str = "", film: str = "") -> Response:
    """Show a frame of a film with the settings beside it; `map` says who of a film is drawn by which run."""
    studio = studio_of(request)
    model = _model(studio, {"run": run, "map": map})
    chosen = studio.places.film(film) if film else _usual_film(studio, run)
    values = {"run": run, "map": map, "film": str(chosen or "")}
    return page(
        request, "convert.html", title="Convert", run=run, map=map, model=model, films=list(studio.places.media()),
        film=chosen, frames=frame_count(chosen) if chosen else 0, pasted=[*_known(_PASTED), *_painted(studio)],
        finished=_known(_FINISHED), keyed=_keyed(), sliders=_sliders({}),
        line=_line(studio, values) if chosen else "",
    )  # fmt: skip


@router.get("/settings")
def settings(request: Request) -> Response:
    """Answer with the sliders that belong to the chosen mask, blender and detail."""
    return page(request, "sliders.html", fields=_sliders(request.query_params))


@router.get("/line")
def line(request: Request) -> Response:
    """Answer with the command that makes the film so."""
    return page(request, "line_part.html", line=_line(studio_of(request), request.query_params))


@router.get("/frame.jpg")
def frame(request: Request, film: str, frame: int = 0, side: str = "b") -> Response:
    """Answer with a frame as it was filmed (side=a) or as it would be (side=b)."""
    studio = studio_of(request)
    found = studio.places.film(film)
    if frame < 0:
        raise UserError("frames count from 0")
    if side == "a":
        data = encode_image(studio.frames.frame(found, frame).image, ".jpg", quality=_QUALITY, metadata=None)
    else:
        made = studio.preview.frame(found, frame, _said(studio, request.query_params))
        data = encode_made(made.image, "frame.jpg", quality=_QUALITY, metadata=dict(made.about))
    return Response(data, media_type="image/jpeg")


@router.post("")
async def start(request: Request, film: Annotated[str, Form()] = "") -> Response:
    """Put the film into the queue."""
    studio = studio_of(request)
    found = studio.places.film(film)
    values = {key: str(value) for key, value in (await request.form()).items()}
    job = studio.submit("convert", [f"video={found}", *_said(studio, values)], f"convert {found.name}")
    return go_to(f"/jobs/{job.id}")


def _line(studio: Studio, values: Mapping[str, str]) -> str:
    found = studio.places.film(values.get("film", ""))
    arguments = [f"video={found}", *_said(studio, values), f"workspace={studio.places.workspace.root}"]
    return shown("convert", arguments)


def _said(studio: Studio, values: Mapping[str, str]) -> list[str]:
    painted = [
        f"masks={painted_folder(studio.places.workspace.existing_faces(one.partition('=')[2]))}"
        for one in said(_painted(studio), values)
    ]
    fields = [*_known((*_PASTED, *_FINISHED)), *_keyed(), *_sliders(values)]
    return [_model(studio, values), *said(fields, values), *painted]


def _model(studio: Studio, values: Mapping[str, str]) -> str:
    """Return run= or map=, made of names of this workspace's runs and of people's numbers alone. Raises UserError."""
    workspace = studio.places.workspace
    run, asked = values.get("run", ""), values.get("map", "").strip()
    if not asked:
        return f"run={workspace.existing_run(run).name}"
    parts = asked.removeprefix("{").removesuffix("}").split(",")
    found = [_PERSON.fullmatch(part) for part in parts]
    if not all(found):
        raise UserError("say who becomes whom by numbers of people and names of runs: {1: hanna_vera}")
    return "map={" + ", ".join(f"{one[1]}: {workspace.existing_run(one[2]).name}" for one in found if one) + "}"


def _keyed() -> list[Field]:
    return [
        Field(one.name, "keyed", one.help, one.value, low=one.low or "0", high=one.high or "1", step="0.01")
        for one in _known(_KEYED)
    ]


def _known(names: Sequence[str]) -> list[Field]:
    return fields_of("convert", [name for name in names if name in settings_of("convert")])


def _painted(studio: Studio) -> list[Field]:
    """Return the choice among the face sets over whose films masks were painted; none where there are none."""
    workspace = studio.places.workspace
    names = [name for name in workspace.face_set_names() if painted_frames(painted_folder(workspace.faces(name)))]
    if not names or "masks" not in settings_of("convert"):
        return []
    told = "the masks that were painted over the film of this face set"
    return [Field("masks", "choice", told, _UNPAINTED, (_UNPAINTED, *names))]


def _sliders(values: Mapping[str, str]) -> list[Field]:
    usual = {field.name: field.value for field in fields_of("convert", _PLUGINS)}
    return [one for owner in _PLUGINS for one in plugin_fields(owner, values.get(owner, usual[owner]))]


def _usual_film(studio: Studio, run: str) -> Path | None:
    """The film of B's face set, where it may be read; else the first there is."""
    workspace = studio.places.workspace
    try:
        return studio.places.film(source_of(workspace, recorded_pair(workspace.run(run))[1]))
    except UserError:
        return next(studio.places.media(), None)
