"""The queue's database: brought up to date by migrations that make what the tables say; refusals in one line."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import faceswap.booth.shared.tables  # noqa: F401  (its tables are among those that migrations make)
from faceswap.jobs.database import Database
from faceswap.jobs.tables import Base
from faceswap.utils.errors import UserError


def test_migrations_make_what_the_tables_say(url, tmp_path):
    database = Database(url, tmp_path)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()
    Database(url, tmp_path).close()  # once more: nothing is left to do


def test_sqlite_keeps_a_log_beside_it_and_waits_for_others(tmp_path):
    database = Database("", tmp_path)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    database.close()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("mysql://x/y", "accepted are sqlite"), ("nonsense", "is no URL"),
     ("postgresql+psycopg://faceswap:secret@127.0.0.1:1/none", "cannot use the database")],
)  # fmt: skip
def test_what_cannot_be_used_is_one_line_without_a_password(tmp_path, wrong, told):
    with pytest.raises(UserError, match=told) as error:
        Database(wrong, tmp_path)
    assert "secret" not in str(error.value)


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "jobs.sqlite").write_bytes(b"no database, but long enough to look like one" * 50)
    with pytest.raises(UserError, match="not a database"):
        Database("", tmp_path)


def test_a_postgresql_that_was_set_up_without_a_locale_is_used(postgresql, tmp_path):
    from sqlalchemy import create_engine, text

    with create_engine(postgresql % "postgres", isolation_level="AUTOCOMMIT").connect() as connection:
        plain = "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        connection.execute(text(f"CREATE DATABASE without_a_locale {plain}"))
    database = Database(postgresql % "without_a_locale", tmp_path)
    assert database.engine.name == "postgresql"
    database.close()
