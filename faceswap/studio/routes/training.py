"""Train: choose a pair, start, stop, go on; curves and previews as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse

from faceswap.jobs.tables import ENDED, Job
from faceswap.studio.routes.jobs import event
from faceswap.studio.shared.context import Studio, page, part, studio_of
from faceswap.studio.shared.forms import fields_of, said
from faceswap.studio.shared.inventory import previews_of
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter()
_SETTINGS = ("model", "iterations", "minutes", "batch_size", "preview_every", "save_every", "log_every", "stop_when",
             "optimizer")  # fmt: skip
_LOOK_SECONDS = 2.0


@router.get("/train")
def form(request: Request) -> Response:
    """Show the form."""
    names = studio_of(request).places.workspace.face_set_names()
    return page(request, "train.html", title="Train", face_sets=names, fields=fields_of("train", _SETTINGS))


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
    form = await request.form()
    values = {key: str(value) for key, value in form.items()}
    consent = [f"pair.consent.{key}={value.strip()}" for key in ("who", "purpose", "when")
               if (value := str(values.get(key, ""))).strip()]  # fmt: skip
    arguments = [f"pair.a={a}", f"pair.b={b}", *consent, *said(fields_of("train", _SETTINGS), values)]
    studio.submit("train", arguments, f"train {a}_{b}")
    return go_to(f"/runs/{quote(f'{a}_{b}')}")


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
    return said_of.get("run") == name or f"{said_of.get('pair.a')}_{said_of.get('pair.b')}" == name
