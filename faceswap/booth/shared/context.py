"""What the booth's pages share: visitors, progress, the game, limits, templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request

from faceswap.booth.shared.counters import Counters
from faceswap.booth.shared.game import GameRoom
from faceswap.booth.shared.guard import RateLimit
from faceswap.booth.shared.intake import Intake
from faceswap.booth.shared.progress import Watch
from faceswap.booth.shared.tables import Visitor
from faceswap.booth.shared.visitors import COMMAND, Arrival, Visitors
from faceswap.jobs.queue import JobQueue
from faceswap.utils.errors import UserError
from faceswap.web.pages import Pages
from faceswap.web.security import LOOPBACK

_HERE = Path(__file__).parents[1]
STATIC = _HERE / "static"
PAGES = Pages(_HERE / "templates")
page, part = PAGES.page, PAGES.part
_FULL = "so many are waiting that the booth takes nobody just now; try again in some minutes"


@dataclass
class Booth:
    """A booth at work.

    Attributes:
        queue: Where its films wait.
        visitors: Who was here.
        game: "Real or generated?".
        keep_hours: After how many hours everything of a visitor is deleted.
        limit: How many photos an address may send.
        most_waiting: How many visitors may wait.
        url: The address that visitors reach it under; empty: that of their request.
        has_mail: Whether links are mailed.
        gallery: What the operator is told of the gallery.
        counters: What is counted for the metrics.
    """

    queue: JobQueue
    visitors: Visitors
    game: GameRoom
    keep_hours: float = 24.0
    limit: RateLimit = field(default_factory=lambda: RateLimit(240))
    most_waiting: int = 500
    url: str = ""
    has_mail: bool = False
    gallery: str = "rendered people"
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        self.watch = Watch(self.queue)
        self.intake = Intake(self._written_down)

    def _written_down(self, arrivals: Sequence[Arrival]) -> list[Visitor | UserError]:
        """Return the rows of who comes, as far as there is room for them."""
        room = max(0, self.most_waiting - self.queue.count_unended(COMMAND))
        told = self.visitors.add_all(arrivals[:room])
        for one in told:
            self.counters.count("uploads", "unreadable" if isinstance(one, UserError) else "accepted")
        for _ in arrivals[room:]:
            self.counters.count("uploads", "full")
            told.append(UserError(_FULL))
        return told


def booth_of(request: Request) -> Booth:
    """Return the booth that a request came to."""
    found = request.app.state.booth
    assert isinstance(found, Booth)
    return found


def link_of(request: Request, key: str) -> str:
    """Return the whole address of a visitor's page."""
    return f"{booth_of(request).url or str(request.base_url).rstrip('/')}/r/{key}"


def is_for_phones(request: Request) -> bool:
    """Tell whether an address leads here from other machines, too."""
    return bool(booth_of(request).url) or request.url.hostname not in LOOPBACK
