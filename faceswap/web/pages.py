"""Pages made of templates: an application's own, and those that all share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from faceswap import __version__

_HERE = Path(__file__).parent


class Pages:
    """The pages of an application.

    Args:
        folder: Its own templates; they come before the shared ones of the same name.
    """

    def __init__(self, folder: Path) -> None:
        self._templates = Jinja2Templates(directory=[folder, _HERE / "templates"])
        self.environment = self._templates.env
        self.environment.globals["version"] = __version__

    def page(self, request: Request, template: str, /, status: int = 200, **values: Any) -> Response:
        """Return a page, or a part of one, made of a template."""
        session = getattr(request.state, "session", None)
        known = {"csrf": session.csrf if session else "", **values}
        return self._templates.TemplateResponse(request, template, known, status_code=status)

    def part(self, template: str, /, **values: Any) -> str:
        """Return a part of a page as text, for an event."""
        return self.environment.get_template(template).render(**values)


def mount_static(app: FastAPI, folder: Path) -> None:
    """Serve an application's own files and the shared ones under /static."""
    app.mount("/static", StaticFiles(directory=folder, packages=[("faceswap.web", "static")]), name="static")


def go_to(path: str) -> Response:
    """Return the answer to a form that leads on to another page."""
    return Response(status_code=204, headers={"HX-Redirect": path})
