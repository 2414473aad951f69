"""The booth's tables, in the queue's database. What changes here needs a migration in jobs/migrations/versions."""

from __future__ import annotations

import secrets
import time

from sqlalchemy import Boolean, Float, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from faceswap.jobs.tables import Base, new_id


def new_key() -> str:
    """Return the secret part of a visitor's link."""
    return secrets.token_urlsafe(32)


class Visitor(Base):
    """Somebody who has agreed and sent a photo. Times are seconds since 1970.

    Whoever has `key` sees the result; `id` names its folder and is of no use to others.
    """

    __tablename__ = "visitors"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(64), unique=True, default=new_key)
    created: Mapped[float] = mapped_column(Float, default=time.time, index=True)
    agreed: Mapped[float] = mapped_column(Float, default=time.time)
    agreed_to: Mapped[str] = mapped_column(Text)
    job_id: Mapped[str] = mapped_column(String(32), default="", index=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    is_for_stage: Mapped[bool] = mapped_column(Boolean, default=False)
    shown: Mapped[float | None] = mapped_column(Float)
    email: Mapped[str] = mapped_column(String(254), default="")
    mail_tries: Mapped[int] = mapped_column(Integer, default=0)
    mail_told: Mapped[str] = mapped_column(Text, default="")


class Game(Base):
    """A round of "real or generated?": `pictures` asked, `answers` given, how many of these were right."""

    __tablename__ = "games"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    created: Mapped[float] = mapped_column(Float, default=time.time, index=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    pictures: Mapped[list[str]]
    answers: Mapped[list[str]] = mapped_column(default=list)
    right: Mapped[int] = mapped_column(Integer, default=0)
