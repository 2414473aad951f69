"""The queue: what waits, runs and has ended; cancel, again, and live progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from faceswap.jobs.process import LOG
from faceswap.jobs.tables import ENDED, Job, State
from faceswap.studio.shared.context import Studio, page, part, studio_of
from faceswap.web.events import event
from faceswap.web.pages import go_to

router = APIRouter(prefix="/jobs")
LOOK_SECONDS = 0.5
_LOG_BYTES = 20_000


@router.get("")
def listed(request: Request) -> Response:
    """Show the queue."""
    return page(request, "jobs.html", title="Queue", jobs=studio_of(request).queue.jobs(100))


@router.get("/{job_id}")
def one(request: Request, job_id: str) -> Response:
    """Show a job."""
    studio = studio_of(request)
    job = studio.queue.get(job_id)
    return page(request, "job.html", title=job.title, **_told(studio, job), log=_log(studio, job))


@router.post("/{job_id}/cancel")
def cancel(request: Request, job_id: str) -> Response:
    """Take a job back."""
    studio_of(request).queue.cancel(job_id)
    return go_to(f"/jobs/{job_id}")


@router.post("/{job_id}/again")
def again(request: Request, job_id: str) -> Response:
    """Put an ended job into the queue once more."""
    studio_of(request).queue.again(job_id)
    return go_to(f"/jobs/{job_id}")


@router.get("/{job_id}/events")
async def events(request: Request, job_id: str) -> Response:
    """Tell how a job goes on, until it has ended."""
    studio = studio_of(request)
    await asyncio.to_thread(studio.queue.get, job_id)  # one that is not there is told before the stream begins
    return StreamingResponse(_events(studio, job_id, request), media_type="text/event-stream")


async def _events(studio: Studio, job_id: str, request: Request) -> AsyncIterator[str]:
    before = ""
    while not await request.is_disconnected():
        job = await asyncio.to_thread(studio.queue.get, job_id)
        told = part("job_state.html", **_told(studio, job))
        if told != before:
            yield event("state", told)
            before = told
        if job.state in ENDED:
            yield event("ended", "")
            return
        await asyncio.sleep(LOOK_SECONDS)


def _told(studio: Studio, job: Job) -> dict[str, Any]:
    before = studio.queue.place(job) if job.state == State.QUEUED else 0
    return {"job": job, "before": before, "has_ended": job.state in ENDED}


def _log(studio: Studio, job: Job) -> str:
    path = studio.queue.folder_of(job.id) / LOG
    if not path.is_file():
        return ""
    lines = path.read_bytes()[-_LOG_BYTES:].decode("utf-8", "replace").replace("\r", "\n").splitlines()
    return "\n".join(line for line in lines if line.strip() and "%|" not in line)
