"""The visitors: their rows, their folders, and how nothing is left of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from faceswap.booth.shared.photos import keep_photo
from faceswap.booth.shared.tables import Visitor
from faceswap.jobs.queue import JobQueue, Order
from faceswap.jobs.tables import Job, State, new_id
from faceswap.souvenir.config import FILES, TOLD
from faceswap.utils.errors import UserError
from faceswap.utils.files.links import own_folder, remove
from faceswap.utils.untrusted.reading import Untrusted, read_json_table

COMMAND = "booth_film"
PHOTO, RESULT = "photo.jpg", "result"


@dataclass(frozen=True)
class Arrival:
    """Somebody who comes.

    Attributes:
        photo: What was sent.
        agreed_to: The words that were agreed to.
        name: For stage and poster.
        email: Where the link goes when all is done.
        is_for_stage: Whether it may be shown on the theatre's screen.
    """

    photo: bytes = field(repr=False)
    agreed_to: str
    name: str = ""
    email: str = ""
    is_for_stage: bool = False


class Visitors:
    """The visitors of a booth.

    Args:
        queue: Where their jobs wait; its database holds their rows.
        folder: Holds a folder for each.
        settings: Arguments of every job.
    """

    def __init__(self, queue: JobQueue, folder: Path, settings: Sequence[str] = ()) -> None:
        self.queue, self.folder, self.settings = queue, folder, tuple(settings)
        own_folder(folder)

    def add(self, arrival: Arrival) -> Visitor:
        """Keep a photo as it was sent, and put its job into the queue. Raises UserError for what is no photo."""
        (found,) = self.add_all([arrival])
        if isinstance(found, UserError):
            raise found
        return found

    def add_all(self, arrivals: Sequence[Arrival]) -> list[Visitor | UserError]:
        """Keep photos as they were sent, and put their jobs into the queue in one go.

        Returns:
            Each one's row, or why there is none. A photo that has no row after a crash is swept up.
        """
        told: list[Visitor | UserError] = []
        orders: list[Order] = []
        for arrival in arrivals:
            try:
                visitor, order = self._kept(arrival)
            except UserError as error:
                told.append(error)
            else:
                told.append(visitor)
                orders.append(order)
        if orders:
            self.queue.submit_all(orders)
        return told

    def _kept(self, arrival: Arrival) -> tuple[Visitor, Order]:
        visitor = Visitor(
            id=new_id(), agreed_to=arrival.agreed_to, name=arrival.name, email=arrival.email,
            is_for_stage=arrival.is_for_stage,
        )  # fmt: skip
        own = self.folder / visitor.id
        own_folder(own)
        try:
            keep_photo(arrival.photo, own / PHOTO)
        except UserError:
            own.rmdir()
            raise

        def with_job(job: Job) -> Visitor:
            visitor.job_id = job.id
            return visitor

        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        consent = f"consent=the person in the photo, for the booth; {when}"
        arguments = [f"photo={own / PHOTO}", f"out={own / RESULT}", consent, "clean_photo=true", *self.settings]
        return visitor, Order(COMMAND, arguments, "a visitor's film", owner_of=with_job)

    def by_key(self, key: str) -> Visitor:
        """Return the visitor of a link. Raises UserError where there is none, or none any more."""
        return self._one(Visitor.key == key)

    def by_id(self, visitor_id: str) -> Visitor:
        """Return a visitor. Raises UserError where there is none, or none any more."""
        return self._one(Visitor.id == visitor_id)

    def all(self, most: int = 500) -> list[Visitor]:
        """Return the visitors, the newest first."""
        with self.queue.database.reading() as session:
            return list(session.scalars(select(Visitor).order_by(Visitor.created.desc()).limit(most)))

    def older_than(self, seconds: float) -> list[Visitor]:
        """Return those who came longer ago."""
        with self.queue.database.reading() as session:
            return list(session.scalars(select(Visitor).where(Visitor.created < time.time() - seconds)))

    def for_stage(self) -> list[Visitor]:
        """Return those who may be shown, have a film and were not shown yet, in the order in which they came."""
        chosen = (
            select(Visitor)
            .join(Job, Job.id == Visitor.job_id)
            .where(Visitor.is_for_stage, Visitor.shown.is_(None), Job.state == State.DONE.value)
        )
        with self.queue.database.reading() as session:
            return list(session.scalars(chosen.order_by(Visitor.created)))

    def to_be_mailed(self, most_tries: int) -> list[Visitor]:
        """Return those whose result is there and whose link was not sent yet."""
        chosen = (
            select(Visitor)
            .join(Job, Job.id == Visitor.job_id)
            .where(Visitor.email != "", Visitor.mail_tries < most_tries, Job.state == State.DONE.value)
        )
        with self.queue.database.reading() as session:
            return list(session.scalars(chosen))

    def note(self, visitor: Visitor, **values: Any) -> None:
        """Change columns of a visitor's row."""
        with self.queue.database.writing() as session:
            session.execute(update(Visitor).where(Visitor.id == visitor.id).values(**values))

    def told(self, visitor: Visitor) -> dict[str, Any] | None:
        """Return what the souvenir says of itself; None before it is done."""
        try:
            return read_json_table(self.folder / visitor.id / RESULT / TOLD)
        except (OSError, Untrusted):
            return None

    def file(self, visitor: Visitor, name: str) -> Path:
        """Return a file of a souvenir. Raises UserError for any other, and for one that is not there."""
        path = self.folder / visitor.id / RESULT / name
        if name not in FILES or not path.is_file():
            raise UserError("there is no such file")
        return path

    def delete(self, visitor: Visitor) -> None:
        """Delete everything of a visitor; what a job writes that still runs is swept up when it has ended."""
        with self.queue.database.writing() as session:
            row = session.get(Visitor, visitor.id)
            if row is not None:
                session.delete(row)
        self.queue.forget(visitor.job_id)
        remove(self.folder / visitor.id)

    def sweep(self) -> None:
        """Delete folders and jobs that no visitor has."""
        with self.queue.database.reading() as session:
            ids, jobs = set(session.scalars(select(Visitor.id))), set(session.scalars(select(Visitor.job_id)))
            known = session.execute(select(Job.id, Job.created).where(Job.command == COMMAND)).all()
        young = time.time() - 60  # whose row is not written yet
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in ids and path.stat().st_mtime < young:
                remove(path)
        for job_id, _ in known:
            if job_id not in jobs:
                self.queue.forget(job_id)

    def _one(self, which: Any) -> Visitor:
        with self.queue.database.reading() as session:
            found = session.scalars(select(Visitor).where(which)).first()
        if found is None:
            raise UserError("there is nothing here, or nothing any more: photos are deleted after a while")
        return found
