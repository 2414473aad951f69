"""What a visitor is told when something is wrong: a line in words, never a traceback."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from faceswap.utils.errors import UserError
from faceswap.web.pages import Pages

log = logging.getLogger(__name__)


def tell_errors(app: FastAPI, pages: Pages, bug: str) -> None:
    """Have an application answer every error with a page, or with a line within the page for htmx.

    Args:
        app: The application.
        pages: Its pages.
        bug: What is told where the program is at fault; the log has the traceback.
    """

    def told(request: Request, text: str, status: int) -> Response:
        is_part = request.headers.get("hx-request") == "true"
        return pages.page(request, "message_part.html" if is_part else "message.html", status, message=text)

    def user_error(request: Request, error: Exception) -> Response:
        return told(request, str(error), 400)

    def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return told(request, "there is no such page" if status == 404 else "that cannot be done here", status)

    def invalid(request: Request, error: Exception) -> Response:
        return told(request, "something in that form cannot be read", 400)

    def broken(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "")  # not the path itself: it may be somebody's secret link
        log.error("%s %s", request.method, route, exc_info=error)
        return told(request, bug, 500)

    app.add_exception_handler(UserError, user_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, broken)
