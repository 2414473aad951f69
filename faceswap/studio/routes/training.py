"""Train: choose a pair and its settings, start, stop, go on; curves and previews as they come; runs compared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import StreamingResponse

from faceswap.jobs.command_lines import shown
from faceswap.jobs.tables import ENDED, Job
from faceswap.studio.shared.context import Studio, page, part, studio_of
from faceswap.studio.shared.forms import Field, fields_of, other_fields, plugin_fields, said
from faceswap.studio.shared.inventory import previews_of, runs
from faceswap.utils.errors import UserError
from faceswap.web.events import event
from faceswap.web.pages import go_to

router = APIRouter()
_FIRST = ("model", "iterations", "minutes", "batch_size", "preview_every", "save_every", "log_every", "stop_when")
_PLUGINS = ("model", "init", "loss", "likeness", "discriminator", "optimizer", "warp", "augment")
_NOT_ASKED = ("pair", "workspace", "restart", "processes", "accept_links")
_LOOK_SECONDS = 2.0
_COMPARED = 4  # runs at a time
_UPDATE = "update."


@router.get("/train")
def form(request: Request) -> Response:
    """Show the form."""
    names = studio_of(request).places.workspace.face_set_names()
    return page(
        request, "train.html", title="Train", face_sets=names, first=fields_of("train", _FIRST), others=_others(),
        plugins=fields_of("train", [name for name in _PLUGINS if name not in _FIRST]), sliders=_sliders({}),
        plugin_names=_PLUGINS,
    )  # fmt: skip


@router.get("/train/settings")
def settings(request: Request) -> Response:
    """Answer with the settings that belong to the chosen network, loss and so on."""
    return page(request, "sliders.html", fields=_sliders(request.query_params))


@router.get("/train/line")
def line(request: Request) -> Response:
    """Answer with the command that trains so."""
    studio = studio_of(request)
    arguments = [*_said(request.query_params), f"workspace={studio.places.workspace.root}"]
    return page(request, "line_part.html", line=shown("train", arguments))


@router.post("/train")
async def start(request: Request, a: Annotated[str, Form()] = "", b: Annotated[str, Form()] = "") -> Response:
    """Put a training into the queue."""
    studio = studio_of(request)
    workspace = studio.places.workspace
    for side, name in (("A", a), ("B", b)):
        if not name:
            raise UserError(f"choose the face set of {side}")
        workspace.existing_faces(name)
    if a == b:
        raise UserError("A and B are the same: nothing would be swapped")
    values = {key: str(value) for key, value in (await request.form()).items()}
    run = values.get("run", "").strip() or f"{a}_{b}"
    workspace.run(run)  # a name that is none is told here
    studio.submit("train", _said(values), f"train {run}")
    return go_to(f"/runs/{quote(run)}")


@router.get("/runs")
def compare(request: Request, run: Annotated[list[str] | None, Query()] = None) -> Response:
    """Show the runs, those that were chosen beside each other: newest previews and curves on common axes."""
    studio = studio_of(request)
    workspace = studio.places.workspace
    chosen = list(dict.fromkeys(run or ()))
    if len(chosen) > _COMPARED:
        raise UserError(f"choose up to {_COMPARED} runs")
    folders = {name: workspace.existing_run(name) for name in chosen}
    columns = [{"name": name, "preview": next(reversed(previews_of(folder)), None)} for name, folder in folders.items()]
    return page(
        request, "runs.html", title="Runs", runs=runs(workspace), chosen=chosen, columns=columns,
        charts=studio.curves.compared(folders) if folders else [],
    )  # fmt: skip


@router.get("/runs/{name}")
def run(request: Request, name: str) -> Response:
    """Show a run."""
    return page(request, "run.html", title=name, **_told(studio_of(request), name))


@router.get("/runs/{name}/events")
async def events(request: Request, name: str) -> Response:
    """Tell how a run goes on."""
    studio = studio_of(request)
    studio.places.workspace.run(name)
    return StreamingResponse(_events(studio, name, request), media_type="text/event-stream")


async def _events(studio: Studio, name: str, request: Request) -> AsyncIterator[str]:
    before = ""
    while not await request.is_disconnected():
        told = part("run_live.html", **await asyncio.to_thread(_told, studio, name))
        if told != before:
            yield event("state", told)
            before = told
        await asyncio.sleep(_LOOK_SECONDS)


def _told(studio: Studio, name: str) -> dict[str, Any]:
    folder = studio.places.workspace.run(name)
    jobs = [job for job in studio.queue.jobs(command="train") if _is_of(job, name)]
    if not folder.is_dir() and not jobs:
        studio.places.workspace.existing_run(name)
    previews = previews_of(folder)
    return {
        "name": name,
        "job": jobs[0] if jobs else None,
        "has_ended": not jobs or jobs[0].state in ENDED,
        "charts": studio.curves.charts(folder) if folder.is_dir() else [],
        "preview": previews[-1] if previews else None,
        "first_preview": previews[0] if len(previews) > 1 else None,
        "is_usable": any(folder.glob("checkpoints/*")),
    }


def _is_of(job: Job, name: str) -> bool:
    said_of = dict(argument.split("=", 1) for argument in job.arguments)
    return said_of.get("run", f"{said_of.get('pair.a')}_{said_of.get('pair.b')}") == name


def _said(values: Mapping[str, str]) -> list[str]:
    """Return the settings of a form, as they stand on the command line."""
    pair = [f"pair.{side}={values.get(side, '')}" for side in ("a", "b")]
    consent = [
        f"pair.consent.{key}={value.strip()}"
        for key in ("who", "purpose", "when")
        if (value := values.get(key, "")).strip()
    ]
    fields = [
        *fields_of("train", (*_FIRST, *(name for name in _PLUGINS if name not in _FIRST))),
        *_others(),
        *_sliders(values),
    ]
    return [*pair, *consent, *said(fields, values)]


def _others() -> list[Field]:
    return other_fields("train", (*_FIRST, *_PLUGINS, *_NOT_ASKED))


def _sliders(values: Mapping[str, str]) -> list[Field]:
    usual = {field.name: field.value for field in fields_of("train", _PLUGINS)}
    return [one for owner in _PLUGINS for one in plugin_fields(owner, values.get(owner, usual[owner]))]
