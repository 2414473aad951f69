"""A visitor's way: consent and photo, waiting, the result under a secret link, deletion."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, StreamingResponse

from faceswap.booth.shared.context import Booth, booth_of, is_for_phones, link_of, page, part
from faceswap.booth.shared.progress import LOOK_SECONDS
from faceswap.booth.shared.visitors import Arrival
from faceswap.booth.shared.words import CONSENT, mail_address, plain_name
from faceswap.jobs.tables import State
from faceswap.utils.errors import UserError
from faceswap.utils.limits import VISITOR_PHOTO_BYTES
from faceswap.web.events import event
from faceswap.web.pages import go_to

router = APIRouter()
_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}


@router.get("/")
def begin(request: Request) -> Response:
    """Show what happens, ask for consent and for a photo."""
    booth = booth_of(request)
    return page(
        request, "begin.html", title="Whom do you take after?", consent=CONSENT, keep_hours=booth.keep_hours,
        has_mail=booth.has_mail, has_game=booth.game.is_open,
    )  # fmt: skip


@router.post("/photo")
async def send(
    request: Request,
    photo: UploadFile,
    agree: Annotated[str, Form(max_length=10)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    email: Annotated[str, Form(max_length=300)] = "",
    stage: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Take a photo of somebody who has agreed, and put the film into the queue."""
    booth = booth_of(request)
    if agree != "yes":
        booth.counters.count("uploads", "no_consent")
        raise UserError("tick the box first: without your consent nothing is done with the photo")
    if not booth.limit.takes(request.client.host if request.client else ""):
        booth.counters.count("uploads", "too_many")
        raise UserError("many photos came from here just now; wait a minute and try again")
    who, address = plain_name(name), mail_address(email) if booth.has_mail else ""
    content = await photo.read(VISITOR_PHOTO_BYTES + 1)
    arrival = Arrival(content, CONSENT, who, address, is_for_stage=stage == "yes")
    visitor = await asyncio.wrap_future(booth.intake.take(arrival))
    return go_to(f"/r/{visitor.key}")


@router.get("/r/{key}")
async def result(request: Request, key: str) -> Response:
    """Show how the film goes on, or what came of it."""
    booth = booth_of(request)
    visitor = await asyncio.to_thread(booth.visitors.by_key, key)
    standing = await booth.watch.standing(visitor.job_id)
    common: dict[str, Any] = {"visitor": visitor, "keep_hours": booth.keep_hours}
    told = await asyncio.to_thread(booth.visitors.told, visitor) if standing.state == State.DONE else None
    if told is None:
        return page(request, "wait.html", title="Your film", standing=standing, **common)
    return page(
        request, "result.html", title="The news about you", told=told, link=link_of(request, key),
        is_for_phones=is_for_phones(request), **common,
    )  # fmt: skip


@router.get("/r/{key}/events")
async def events(request: Request, key: str) -> Response:
    """Tell how a film goes on, until it has ended."""
    booth = booth_of(request)
    visitor = await asyncio.to_thread(booth.visitors.by_key, key)
    return StreamingResponse(_events(booth, visitor.job_id, request), media_type="text/event-stream")


async def _events(booth: Booth, job_id: str, request: Request) -> AsyncIterator[str]:
    before = None
    while not await request.is_disconnected():
        try:
            standing = await booth.watch.standing(job_id)
        except UserError:  # deleted meanwhile
            yield event("ended", "")
            return
        if standing != before:
            yield event("state", part("standing.html", standing=standing))
            before = standing
        if standing.has_ended:
            yield event("ended", "")
            return
        await asyncio.sleep(LOOK_SECONDS)


@router.get("/r/{key}/qr.svg")
def code(request: Request, key: str) -> Response:
    """Answer with the link as a QR code."""
    import segno

    booth_of(request).visitors.by_key(key)
    drawn = io.BytesIO()
    segno.make(link_of(request, key), error="m", micro=False).save(drawn, kind="svg", scale=8, border=2, light="#fff")
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@router.get("/r/{key}/{name}")
def file(request: Request, key: str, name: str, save: bool = False) -> Response:
    """Answer with a film or picture of a souvenir; `save`: to be kept, not shown."""
    visitors = booth_of(request).visitors
    found = visitors.file(visitors.by_key(key), name)
    return FileResponse(found, media_type=_TYPES[found.suffix], filename=found.name if save else None)


@router.post("/r/{key}/delete")
def delete(request: Request, key: str) -> Response:
    """Delete everything of a visitor now."""
    booth = booth_of(request)
    booth.visitors.delete(booth.visitors.by_key(key))
    booth.counters.count("deleted", "asked")
    return go_to("/gone")


@router.get("/gone")
def gone(request: Request) -> Response:
    """Say that nothing is left."""
    return page(request, "gone.html", title="All gone")
