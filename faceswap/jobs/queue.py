"""The queue: jobs are put in, claimed by one worker each, and end once.

A worker that has claimed a job holds a lease, which its heartbeats renew. When they stop, whatever the reason, the job
is given to another worker; what a lost worker says later is not heard, since the number of its attempt is over. Clocks
of machines that share a database must agree to within some seconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from faceswap.jobs.command_lines import check_command_line
from faceswap.jobs.database import Database
from faceswap.jobs.tables import ENDED, Attempt, Base, Job, State, new_id
from faceswap.utils.errors import UserError
from faceswap.utils.files.links import remove

LEASE_SECONDS = 30.0
MOST_TRIES = 3
RETRY_SECONDS = (2.0, 15.0)  # before the second and the third attempt
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,32}")
LOST = "the worker was lost: it gave no sign for {:.0f} seconds"


class Turn(NamedTuple):
    """A job that has not ended, without what it says: quick to list where hundreds wait."""

    id: str
    state: str
    progress: float | None


class Order(NamedTuple):
    """A command that is put into the queue: see `JobQueue.submit`."""

    command: str
    arguments: Sequence[str]
    title: str = ""
    priority: int = 0
    owner_of: Callable[[Job], Base] | None = None


class JobQueue:
    """The jobs of a database; `folder` holds what they say, a folder for each.

    Args:
        database: Where the jobs are.
        folder: Where the logs of jobs lie.
        lease_seconds: How long a worker may be silent.
    """

    def __init__(self, database: Database, folder: Path, lease_seconds: float = LEASE_SECONDS) -> None:
        self.database = database
        self.folder = folder
        self.lease_seconds = lease_seconds

    def submit(
        self,
        command: str,
        arguments: Sequence[str],
        title: str = "",
        priority: int = 0,
        owner_of: Callable[[Job], Base] | None = None,
    ) -> Job:
        """Put a command into the queue; of higher priority it comes before others.

        Args:
            command: One of our commands.
            arguments: Its settings.
            title: What it is called on pages.
            priority: Higher ones come before others.
            owner_of: Returns a row that is written with the job, or not at all.

        Raises:
            UserError: The queue does not run it.
        """
        return self.submit_all([Order(command, arguments, title, priority, owner_of)])[0]

    def submit_all(self, orders: Sequence[Order]) -> list[Job]:
        """Put commands into the queue in one go, all of them or none. Raises UserError as `submit`."""
        for order in orders:
            check_command_line(order.command, order.arguments)
        jobs = [
            Job(
                id=new_id(), command=order.command, arguments=list(order.arguments), attempts=[],
                title=order.title[:200] or order.command, priority=order.priority, created=time.time(),
            )
            for order in orders
        ]  # fmt: skip
        owners = [order.owner_of(job) for order, job in zip(orders, jobs, strict=True) if order.owner_of is not None]
        with self.database.writing() as session:
            session.add_all([*jobs, *owners])
        return jobs

    def get(self, job_id: str) -> Job:
        """Return a job. Raises UserError when there is none of that identity."""
        with self.database.reading() as session:
            return _existing(session, job_id)

    def jobs(self, most: int = 200, *, command: str = "") -> list[Job]:
        """Return jobs, the newest first."""
        chosen = select(Job).order_by(Job.created.desc(), Job.id).limit(most)
        with self.database.reading() as session:
            return list(session.scalars(chosen.where(Job.command == command) if command else chosen))

    def unended(self, command: str) -> list[Turn]:
        """Return the jobs of a command that run, then those that wait, in the order in which they are claimed."""
        is_open = Job.state.in_((State.RUNNING.value, State.QUEUED.value))
        chosen = select(Job.id, Job.state, Job.progress).where(is_open, Job.command == command)
        order = (Job.state == State.QUEUED.value, Job.priority.desc(), Job.created, Job.id)
        with self.database.reading() as session:
            return [Turn(*row) for row in session.execute(chosen.order_by(*order))]

    def count_unended(self, command: str) -> int:
        """Return how many jobs of a command run or wait."""
        is_open = Job.state.in_((State.RUNNING.value, State.QUEUED.value))
        with self.database.reading() as session:
            return session.scalar(select(func.count()).where(is_open, Job.command == command)) or 0

    def forget(self, job_id: str) -> bool:
        """Remove a job and what it said; one that runs is cancelled, and False returned until it has ended."""
        with suppress(UserError):
            self.cancel(job_id)
            with self.database.writing() as session:
                job = _existing(session, job_id)
                if job.state == State.RUNNING:
                    return False
                session.delete(job)
        with suppress(UserError):  # an identity that the queue never gave has no folder
            remove(self.folder_of(job_id))
        return True

    def folder_of(self, job_id: str) -> Path:
        """Return where a job's log and output lie. Raises UserError for an identity that the queue never gave.

        The database may be somebody else's: `..` in its place would lead out of the folder.
        """
        if not _IDENTITY.fullmatch(str(job_id)):
            raise UserError("its identity is none that the queue gives; put the job in again")
        return self.folder / job_id

    def place(self, job: Job) -> int:
        """Return how many jobs are claimed before this one."""
        with self.database.reading() as session:
            waiting = session.execute(_waiting(float("inf")).with_only_columns(Job.id)).scalars().all()
        return waiting.index(job.id) if job.id in waiting else 0

    def claim(self, worker: str) -> Job | None:
        """Return the next job, leased to `worker`; None when there is none to be done now."""
        now = time.time()
        with self.database.writing() as session:
            self._take_back(session, now)
            job = session.scalars(_waiting(now).limit(1).with_for_update(skip_locked=True)).first()
            if job is not None:
                self._lease(session, job, worker, now)
        return job

    def claim_like(self, first: Job, most: int) -> list[Job]:
        """Return up to `most` other jobs of a claimed one's command, leased to its worker, in their order.

        Only those come that were never tried: what has ended a process once does so alone the next time.
        """
        if most < 1 or first.tries or first.worker is None:
            return []
        now = time.time()
        alike = _waiting(now).where(Job.command == first.command, Job.tries == 0)
        with self.database.writing() as session:
            jobs = list(session.scalars(alike.limit(most).with_for_update(skip_locked=True)))
            for job in jobs:
                self._lease(session, job, first.worker, now)
        return jobs

    def _lease(self, session: Session, job: Job, worker: str, now: float) -> None:
        job.state, job.worker, job.attempt = State.RUNNING.value, worker, job.attempt + 1
        job.lease_until, job.started, job.progress = now + self.lease_seconds, now, None
        session.add(Attempt(job_id=job.id, number=job.attempt, worker=worker, started=now))
        session.flush()
        session.refresh(job)
        _ = job.attempts

    def heartbeat(self, job: Job, progress: float | None = None, told: str = "") -> bool:
        """Renew the lease of a claimed job; False when the worker is to stop: it was cancelled, or is another's now."""
        values: dict[str, object] = {"lease_until": time.time() + self.lease_seconds}
        if progress is not None:
            values["progress"] = progress
        if told:
            values["told"] = told[:400]
        with self.database.writing() as session:
            held = session.execute(_held(job).values(values)).rowcount  # type: ignore[attr-defined]
            asked = session.scalar(select(Job.is_cancel_asked).where(Job.id == job.id))
        return bool(held) and not asked

    def finish(self, job: Job, state: State, exit_code: int | None, reason: str = "", result: str = "") -> bool:
        """Write down how a claimed job ended; False when it is another worker's by now, and nothing was written."""
        now = time.time()
        with self.database.writing() as session:
            values = {"state": state.value, "ended": now, "reason": reason, "result": result, "lease_until": None}
            if state is State.DONE:
                values["progress"] = 1.0
            if not session.execute(_held(job).values(values)).rowcount:  # type: ignore[attr-defined]
                return False
            _close(session, job, now, exit_code, reason)
        return True

    def give_back(self, job: Job, exit_code: int | None, reason: str, *, counts: bool = True) -> bool:
        """Put a claimed job back, to be tried again later; after MOST_TRIES it has failed.

        Args:
            job: As it was claimed.
            exit_code: Of the command.
            reason: Why, in words.
            counts: False for a worker that was stopped, which says nothing of the job.
        """
        now = time.time()
        with self.database.writing() as session:
            own = session.scalar(select(Job).where(Job.id == job.id).with_for_update())
            if own is None or own.attempt != job.attempt or own.state != State.RUNNING:
                return False
            _close(session, job, now, exit_code, reason)
            _retry(own, now, reason, counts)
        return True

    def cancel(self, job_id: str) -> None:
        """Take a job back: one that waits ends at once, one that runs is stopped by its worker."""
        now = time.time()
        with self.database.writing() as session:
            job = _existing(session, job_id)
            if job.state == State.QUEUED:
                job.state, job.ended, job.reason = State.CANCELLED.value, now, "cancelled before it began"
            elif job.state == State.RUNNING:
                job.is_cancel_asked = True

    def again(self, job_id: str) -> None:
        """Put a job that has ended back into the queue; its command goes on where it can."""
        with self.database.writing() as session:
            job = _existing(session, job_id)
            if job.state in ENDED:
                job.state, job.not_before, job.is_cancel_asked = State.QUEUED.value, 0.0, False
                job.tries = 0
                job.ended, job.reason, job.result, job.progress, job.told = None, "", "", None, ""

    def _take_back(self, session: Session, now: float) -> None:
        """Put jobs whose worker is lost back into the queue."""
        lost = select(Job).where(Job.state == State.RUNNING.value, Job.lease_until < now)
        for job in session.scalars(lost.with_for_update(skip_locked=True)):
            reason = LOST.format(self.lease_seconds)
            _close(session, job, now, None, reason)
            _retry(job, now, reason, counts=True)


def _waiting(now: float) -> Select[Job]:
    due = or_(Job.not_before <= now, Job.not_before == 0)
    order = (Job.priority.desc(), Job.created, Job.id)
    return select(Job).where(Job.state == State.QUEUED.value, due).order_by(*order)


def _held(job: Job):  # type: ignore[no-untyped-def]
    return update(Job).where(Job.id == job.id, Job.attempt == job.attempt, Job.state == State.RUNNING.value)


def _existing(session: Session, job_id: str) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise UserError("there is no such job")
    return job


def _close(session: Session, job: Job, now: float, exit_code: int | None, reason: str) -> None:
    one = session.get(Attempt, (job.id, job.attempt))
    if one is not None:
        one.ended, one.exit_code, one.reason = now, exit_code, reason


def _retry(job: Job, now: float, reason: str, counts: bool) -> None:
    job.tries += counts
    job.worker = job.lease_until = None
    if job.is_cancel_asked:
        job.state, job.ended, job.reason = State.CANCELLED.value, now, "cancelled"
    elif job.tries >= MOST_TRIES:
        job.state, job.ended, job.reason = State.FAILED.value, now, f"{reason} (tried {job.tries} times)"
    else:
        delay = RETRY_SECONDS[min(job.tries, len(RETRY_SECONDS)) - 1] if counts else 0.0
        job.state, job.not_before, job.reason = State.QUEUED.value, now + delay, reason
