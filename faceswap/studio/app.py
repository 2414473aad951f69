"""The studio as an application: its pages, its guard, and what a visitor is told when something is wrong."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from faceswap.studio.routes import converting, curating, editing, entrance, extracting, home, jobs, media, training
from faceswap.studio.shared.context import STATIC, Studio, page
from faceswap.studio.shared.security import Guard, Sessions
from faceswap.utils.errors import UserError
from faceswap.utils.limits import UPLOAD_BYTES

log = logging.getLogger(__name__)


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
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for module in (entrance, home, media, jobs, extracting, curating, training, converting, editing):
        app.include_router(module.router)
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(
        Guard, sessions=sessions, hosts=hosts, cookie=cookie, any_address=any_address, upload_bytes=UPLOAD_BYTES
    )
    return app


def _user_error(request: Request, error: Exception) -> Response:
    return _message(request, str(error), 400)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _message(request, "there is no such page" if status == 404 else "that cannot be done here", status)


def _invalid(request: Request, error: Exception) -> Response:
    return _message(request, "something in that form cannot be read", 400)


def _bug(request: Request, error: Exception) -> Response:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return _message(request, "something went wrong; the studio's terminal tells what", 500)


def _message(request: Request, text: str, status: int) -> Response:
    """A line within the page for htmx, else a page of its own."""
    is_part = request.headers.get("hx-request") == "true"
    return page(request, "message_part.html" if is_part else "message.html", status, message=text)
