"""The theatre's screen: who is next, and the reveal by one key."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from faceswap.booth.shared.context import Booth, booth_of, page
from faceswap.booth.shared.tables import Visitor
from faceswap.booth.shared.visitors import COMMAND
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to

router = APIRouter(prefix="/stage")
_SHOWN = ("portrait.jpg", "good_news.mp4", "bad_news.mp4")


@router.get("")
def stage(request: Request) -> Response:
    """Show the next visitor who may be shown, veiled, or an empty stage."""
    booth = booth_of(request)
    waiting = booth.visitors.for_stage()
    told = booth.visitors.told(waiting[0]) if waiting else None
    return page(
        request, "stage.html", title="Stage", visitor=waiting[0] if told else None, told=told,
        names=[one.name or "somebody" for one in waiting[1:9]], making=len(booth.queue.unended(COMMAND)),
    )  # fmt: skip


@router.get("/queue")
def queue(request: Request) -> Response:
    """Answer with the line on who waits, for an empty stage that looks again."""
    booth = booth_of(request)
    if booth.visitors.for_stage():
        return go_to("/stage")
    return page(request, "stage_queue.html", making=len(booth.queue.unended(COMMAND)))


@router.get("/{visitor_id}/{name}")
def file(request: Request, visitor_id: str, name: str) -> Response:
    """Answer with a picture or film of somebody who may be shown."""
    booth = booth_of(request)
    if name not in _SHOWN:
        raise UserError("there is no such file")
    return FileResponse(booth.visitors.file(_for_stage(booth, visitor_id), name))


@router.post("/{visitor_id}/shown")
def shown(request: Request, visitor_id: str) -> Response:
    """Go on to the next one."""
    booth = booth_of(request)
    booth.visitors.note(_for_stage(booth, visitor_id), shown=time.time())
    return go_to("/stage")


def _for_stage(booth: Booth, visitor_id: str) -> Visitor:
    visitor = booth.visitors.by_id(visitor_id)
    if not visitor.is_for_stage:
        raise UserError("they have not agreed to be shown on the stage")
    return visitor
