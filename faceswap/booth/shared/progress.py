"""How far the visitors' films are: one look at the queue serves all who wait."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from faceswap.booth.shared.visitors import COMMAND
from faceswap.jobs.queue import JobQueue, Turn
from faceswap.jobs.tables import ENDED, Job, State
from faceswap.souvenir.photo import UNREADABLE

LOOK_SECONDS = 0.7
_TOLD_AS_IS = ("no face was found", "the face in the photo is", UNREADABLE)  # other reasons are the operator's


@dataclass(frozen=True)
class Standing:
    """Where a visitor's film stands: its job's `state`, how many are `before` it, `share` in [0, 1], `reason`."""

    state: str
    before: int = 0
    share: float | None = None
    reason: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in ENDED


class Watch:
    """Looks at the queue at most every `look_seconds`, however many ask."""

    def __init__(self, queue: JobQueue, look_seconds: float = LOOK_SECONDS) -> None:
        self.queue, self.look_seconds = queue, look_seconds
        self._standings: dict[str, Standing] = {}
        self._looked = 0.0
        self._lock = asyncio.Lock()

    async def standing(self, job_id: str) -> Standing:
        """Return where a job stands. Raises UserError when there is none."""
        async with self._lock:
            if time.monotonic() - self._looked > self.look_seconds:
                self._standings = standings(await asyncio.to_thread(self.queue.unended, COMMAND))
                self._looked = time.monotonic()
        if (found := self._standings.get(job_id)) is not None:
            return found
        return standing_of(await asyncio.to_thread(self.queue.get, job_id))


def standings(turns: list[Turn]) -> dict[str, Standing]:
    """Return where jobs stand that have not ended, by their identity, from the order in which they are claimed."""
    return {
        turn.id: Standing(turn.state, before if turn.state == State.QUEUED else 0, turn.progress)
        for before, turn in enumerate(turns)
    }


def standing_of(job: Job) -> Standing:
    """Return where a job stands, without how many are before it."""
    reason = job.reason
    if job.state == State.FAILED and not reason.startswith(_TOLD_AS_IS):
        reason = "something went wrong in the booth; please ask the people here"
    return Standing(job.state, 0, job.progress, reason if job.state == State.FAILED else "")
