"""The tables of the queue. What changes here needs a migration in migrations/versions."""

from __future__ import annotations

import enum
import json
import secrets
import time
from typing import Any, ClassVar

from sqlalchemy import JSON, Boolean, Dialect, Float, ForeignKey, Integer, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class State(enum.StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (State.DONE, State.FAILED, State.CANCELLED)


class Words(TypeDecorator[list[str]]):
    """A list of words, kept as JSON; what is none is one word, which no command takes: the database may be others'."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str]:
        """Return the words."""
        is_ours = isinstance(value, list) and all(isinstance(word, str) for word in value)
        return value if is_ours else [json.dumps(value)]


class Base(DeclarativeBase):
    """What all tables have in common."""

    type_annotation_map: ClassVar = {dict[str, Any]: JSON, list[str]: Words}


def new_id() -> str:
    """Return an identity that nobody can guess."""
    return secrets.token_urlsafe(16)


class Job(Base):
    """A command that waits, runs or has ended. Times are seconds since 1970."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    command: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[list[str]]
    title: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(16), default=State.QUEUED.value, index=True)
    priority: Mapped[int] = mapped_column(Integer, default=0)
    created: Mapped[float] = mapped_column(Float, default=time.time)
    not_before: Mapped[float] = mapped_column(Float, default=0.0)
    started: Mapped[float | None] = mapped_column(Float)
    ended: Mapped[float | None] = mapped_column(Float)
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    tries: Mapped[int] = mapped_column(
        Integer, default=0
    )  # that failed since it was put in; a stopped worker's do not count
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[float | None] = mapped_column(Float)
    is_cancel_asked: Mapped[bool] = mapped_column(Boolean, default=False)
    progress: Mapped[float | None] = mapped_column(Float)
    told: Mapped[str] = mapped_column(String(400), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[list[Attempt]] = relationship(
        order_by="Attempt.number", cascade="all, delete-orphan", lazy="selectin"
    )


class Attempt(Base):
    """One run of a job's command by one worker, and how it ended."""

    __tablename__ = "attempts"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    worker: Mapped[str] = mapped_column(String(200))
    started: Mapped[float] = mapped_column(Float)
    ended: Mapped[float | None] = mapped_column(Float)
    exit_code: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text, default="")
