"""The operator's page: queue, failures, gallery, disk, deletion; health and metrics for machines."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import func, select

from faceswap.booth.shared.context import Booth, booth_of, page
from faceswap.booth.shared.guard import HEALTH, LOGIN, METRICS, operators_cookie
from faceswap.booth.shared.visitors import COMMAND
from faceswap.jobs.tables import Job, State
from faceswap.utils.errors import UserError
from faceswap.web.pages import go_to
from faceswap.web.security import Sessions, welcome

router = APIRouter()
_LISTED = 200


@router.get("/admin")
def operate(request: Request) -> Response:
    """Show how the evening goes."""
    booth = booth_of(request)
    jobs = {job.id: job for job in booth.queue.jobs(_LISTED * 2, command=COMMAND)}
    rows = [(visitor, jobs.get(visitor.job_id)) for visitor in booth.visitors.all(_LISTED)]
    disk = shutil.disk_usage(booth.visitors.folder)
    return page(
        request, "admin.html", title="Operator", rows=rows, counts=Counter(job.state for job in jobs.values()),
        now=time.time(), free_gb=disk.free / 1e9, is_short=disk.free < 2e9, gallery=booth.gallery,
        keep_hours=booth.keep_hours, best=booth.game.best(),
    )  # fmt: skip


@router.get(LOGIN)
def ask(request: Request) -> Response:
    """Show the field of the password."""
    return page(request, "login.html", title="Operator", path=LOGIN)


@router.post(LOGIN)
def enter(request: Request, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Let in who knows the password."""
    sessions: Sessions = request.app.state.sessions
    if not sessions.is_password(password):
        raise UserError("that is not the password; after ten wrong ones wait a minute")
    return welcome(sessions, operators_cookie(request.app.state.cookie), "/admin")


@router.post("/admin/visitors/{visitor_id}/delete")
def delete(request: Request, visitor_id: str) -> Response:
    """Delete everything of one visitor."""
    booth = booth_of(request)
    booth.visitors.delete(booth.visitors.by_id(visitor_id))
    booth.counters.count("deleted", "operator")
    return go_to("/admin")


@router.post("/admin/visitors/{visitor_id}/again")
def again(request: Request, visitor_id: str) -> Response:
    """Try a film once more."""
    booth = booth_of(request)
    booth.queue.again(booth.visitors.by_id(visitor_id).job_id)
    return go_to("/admin")


@router.post("/admin/purge")
def purge(request: Request, sure: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Delete everything of all visitors, and the hall of fame."""
    booth = booth_of(request)
    if sure != "yes":
        raise UserError("tick the box first: everything of all visitors would be deleted")
    while some := booth.visitors.all():
        for visitor in some:
            booth.visitors.delete(visitor)
            booth.counters.count("deleted", "operator")
    booth.game.clear()
    return go_to("/admin")


@router.get(HEALTH)
def health(request: Request) -> Response:
    """Answer when the database does."""
    with booth_of(request).queue.database.reading() as session:
        session.execute(select(1))
    return PlainTextResponse("well\n")


@router.get(METRICS)
def metrics(request: Request) -> Response:
    """Answer with the numbers of the evening, in the text format of Prometheus."""
    return PlainTextResponse(metrics_text(booth_of(request)), media_type="text/plain; version=0.0.4")


def metrics_text(booth: Booth) -> str:
    """Return the metrics; no visitor is named in them."""
    with booth.queue.database.reading() as session:
        grouped = select(Job.state, func.count()).where(Job.command == COMMAND).group_by(Job.state)
        counts = {state: count for state, count in session.execute(grouped)}
        oldest = session.scalar(
            select(func.min(Job.created)).where(Job.command == COMMAND, Job.state == State.QUEUED.value)
        )
    prefix = "faceswap_booth_"
    disk = shutil.disk_usage(booth.visitors.folder)
    lines = booth.counters.lines(prefix)
    lines.append(f"# TYPE {prefix}jobs gauge")
    lines += [f'{prefix}jobs{{state="{state}"}} {counts.get(state, 0)}' for state in State]
    gauges = {
        "oldest_waiting_seconds": round(time.time() - oldest, 1) if oldest else 0,
        "disk_free_bytes": disk.free,
        "keep_seconds": booth.keep_hours * 3600,
    }
    for name, value in gauges.items():
        lines += [f"# TYPE {prefix}{name} gauge", f"{prefix}{name} {value}"]
    return "\n".join(lines) + "\n"
