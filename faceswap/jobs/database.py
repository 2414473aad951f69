"""The queue's database: SQLite in the workspace, or any that a URL names; brought up to date when it is opened."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from faceswap.utils.errors import UserError
from faceswap.utils.files.atomic import writing_errors
from faceswap.utils.files.links import guard, own_folder
from faceswap.utils.files.locks import locked

MIGRATIONS = Path(__file__).parent / "migrations"
FILE = "jobs.sqlite"
_BUSY_SECONDS = 30.0
_PASSING = re.compile("locked|busy|full")  # what SQLite says of what others do, or a full disk


class Database:
    """An open database. Sessions that write take their lock at the beginning, so that none of two has to give up.

    Args:
        url: SQLAlchemy's: postgresql+psycopg://USER@HOST/NAME; empty for SQLite in `folder`.
        folder: Where SQLite's file lies; made when missing.

    Raises:
        UserError: It cannot be opened.
    """

    def __init__(self, url: str, folder: Path) -> None:
        guard(folder)
        with writing_errors(folder):
            own_folder(folder)
        if not url:
            _refuse_others(folder / FILE)
        self.url = url or f"sqlite:///{folder.resolve() / FILE}"
        self.engine = _engine(self.url)
        # SQLite has those who wait look again, at ever longer intervals: threads of one process take turns instead.
        self._turn = threading.Lock() if self.engine.name == "sqlite" else contextlib.nullcontext()
        try:
            with locked(folder / "upgrade", "bringing the queue's database up to date"):
                self._upgrade()
        except (SQLAlchemyError, sqlite3.DatabaseError) as error:
            raise UserError(f"cannot use the database {self.told}: {_first_line(error)}") from error

    @property
    def told(self) -> str:
        """The URL without its password."""
        return make_url(self.url).render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that only reads; what it gave can be looked at afterwards."""
        with self._readable(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that is committed when the block ends well."""
        with (
            self._readable(),
            self._turn,
            self.engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Within the block a value that no queue has written is one line; SQLite keeps any kind in any column."""
        try:
            yield
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise UserError(
                f"the database {self.told} holds what no queue has written: move it away, and a new one is made"
            ) from error
        except DBAPIError as error:
            if self.engine.name != "sqlite" or _PASSING.search(str(error.orig)):  # for a worker to wait for
                raise
            raise UserError(
                f"cannot use the database {self.told}: {_first_line(error)}; move it away, and a new one is made"
            ) from error

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _refuse_others(path: Path) -> None:
    """Raise UserError where SQLite's files in the workspace are links, which it would follow, or no files at all."""
    for place in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
        if place.is_symlink() or (place.exists() and not place.is_file()):
            raise UserError(f"{place} is a link or no ordinary file, and the queue writes into none: delete it")


def _engine(url: str) -> Engine:
    try:
        name = make_url(url).get_backend_name()
        if name not in ("sqlite", "postgresql"):
            raise UserError(f"database={name}: accepted are sqlite and postgresql+psycopg URLs")
        # A PostgreSQL that was set up without a locale (SQL_ASCII) tells texts as bytes unless it is asked for texts.
        asked: dict[str, Any] = {"timeout": _BUSY_SECONDS} if name == "sqlite" else {"client_encoding": "utf8"}
        engine = create_engine(url, pool_pre_ping=name != "sqlite", connect_args=asked)
    except ModuleNotFoundError as error:
        raise UserError(
            f"database=: the driver {error.name} is not installed: pip install 'psycopg[binary]'"
        ) from error
    except ArgumentError as error:
        raise UserError("database= is no URL: say postgresql+psycopg://USER:PASSWORD@HOST/NAME") from error
    if name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so, not where the driver thinks
    # NORMAL: a process may be killed at any time and nothing is lost; a power cut may lose the last moment.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _first_line(error: BaseException) -> str:
    told = str(error.orig) if isinstance(error, OperationalError) and error.orig else str(error)
    return next(iter(told.strip().splitlines()), type(error).__name__)


def worker_name() -> str:
    """Return what names this process among the workers of all machines."""
    return f"{platform.node()}:{os.getpid()}"
