"""The studio as an application: its pages, its guard, and what a visitor is told when something is wrong."""

from __future__ import annotations

from fastapi import FastAPI

from faceswap.studio.routes import (
    converting,
    curating,
    editing,
    entrance,
    extracting,
    home,
    jobs,
    masking,
    media,
    people,
    repairing,
    training,
)
from faceswap.studio.shared.context import PAGES, STATIC, Studio
from faceswap.utils.limits import UPLOAD_BYTES
from faceswap.web.errors import tell_errors
from faceswap.web.pages import mount_static
from faceswap.web.security import Reach, SessionGuard, Sessions

_PAGES = (
    entrance, home, media, jobs, extracting, curating, repairing, masking, people, training, converting, editing,
)  # fmt: skip


def create_app(
    studio: Studio, sessions: Sessions, hosts: tuple[str, ...], cookie: str = "faceswap", *, any_address: bool = False
) -> FastAPI:
    """Return the application.

    Args:
        studio: What its pages show.
        sessions: Who may see them.
        hosts: Names under which it may be asked for.
        cookie: Of a session.
        any_address: Whether plain IP addresses are names of it.
    """
    app = FastAPI(title="faceswap studio", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.studio, app.state.sessions, app.state.cookie = studio, sessions, cookie
    mount_static(app, STATIC)
    for module in _PAGES:
        app.include_router(module.router)
    tell_errors(app, PAGES, "something went wrong; the studio's terminal tells what")
    reach = Reach(hosts, any_address, upload_paths=("/upload",), upload_bytes=UPLOAD_BYTES)
    app.add_middleware(SessionGuard, sessions=sessions, cookie=cookie, reach=reach)
    return app
