"""What the studio's pages share: places, queue, readers, templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request

from faceswap.jobs.command_lines import shown
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import Job
from faceswap.studio.shared.curves import CurveReader
from faceswap.studio.shared.film_frames import FilmFrames
from faceswap.studio.shared.photo_desk import PhotoDesk
from faceswap.studio.shared.places import Places
from faceswap.studio.shared.preview import ConvertPreview
from faceswap.studio.shared.repair_desk import RepairDesk
from faceswap.web.pages import Pages

_HERE = Path(__file__).parents[1]
STATIC = _HERE / "static"
PAGES = Pages(_HERE / "templates")
PAGES.environment.filters["command_line"] = lambda job: shown(job.command, job.arguments)
page, part = PAGES.page, PAGES.part


@dataclass
class Studio:
    """A studio at work.

    Attributes:
        places: Which files it reads and writes.
        queue: Where its commands wait.
        preview: Draws single frames with their faces swapped.
        curves: Reads the curves of runs.
        frames: Reads single frames as they were filmed.
        desk: Reads and finds the faces that are repaired.
        photos: Draws edited and mixed photos.
    """

    places: Places
    queue: JobQueue
    preview: ConvertPreview
    curves: CurveReader = field(default_factory=CurveReader)
    frames: FilmFrames = field(default_factory=FilmFrames)
    desk: RepairDesk = field(default_factory=RepairDesk)
    photos: PhotoDesk = field(default_factory=PhotoDesk)

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
