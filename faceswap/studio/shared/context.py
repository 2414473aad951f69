"""What the studio's pages share: places, queue, readers, and how a page is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from starlette.templating import Jinja2Templates

from faceswap import __version__
from faceswap.jobs.command_lines import shown
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import Job
from faceswap.studio.shared.curves import CurveReader
from faceswap.studio.shared.places import Places
from faceswap.studio.shared.preview import ConvertPreview

_HERE = Path(__file__).parents[1]
STATIC = _HERE / "static"
_TEMPLATES = Jinja2Templates(directory=_HERE / "templates")
_TEMPLATES.env.globals["version"] = __version__
_TEMPLATES.env.filters["command_line"] = lambda job: shown(job.command, job.arguments)


@dataclass
class Studio:
    """A studio at work.

    Attributes:
        places: Which files it reads and writes.
        queue: Where its commands wait.
        preview: Draws single frames.
        curves: Reads the curves of runs.
    """

    places: Places
    queue: JobQueue
    preview: ConvertPreview
    curves: CurveReader = field(default_factory=CurveReader)

    @property
    def small_pictures(self) -> Path:
        """Where small pictures of films are kept."""
        return self.queue.folder / "pictures"

    def submit(self, command: str, arguments: Sequence[str], title: str) -> Job:
        """Put a command on this workspace into the queue."""
        return self.queue.submit(command, [*arguments, f"workspace={self.places.workspace.root}"], title)


def studio_of(request: Request) -> Studio:
    """Return the studio that a request came to."""
    found = request.app.state.studio
    assert isinstance(found, Studio)
    return found


def page(request: Request, template: str, /, status: int = 200, **values: Any) -> Response:
    """Return a page, or a part of one, made of a template."""
    return _TEMPLATES.TemplateResponse(request, template, {"csrf": _csrf(request), **values}, status_code=status)


def part(template: str, /, **values: Any) -> str:
    """Return a part of a page as text, for an event."""
    return _TEMPLATES.get_template(template).render(**values)


def go_to(request: Request, path: str) -> Response:
    """Return the answer to a form that leads on to another page."""
    return Response(status_code=204, headers={"HX-Redirect": path})


def _csrf(request: Request) -> str:
    session = getattr(request.state, "session", None)
    return session.csrf if session else ""
