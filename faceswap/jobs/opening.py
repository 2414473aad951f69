"""The queue of a workspace."""

from __future__ import annotations

import logging
from pathlib import Path

from faceswap.jobs.database import Database
from faceswap.jobs.queue import LEASE_SECONDS, JobQueue

FOLDER = "jobs"


def open_queue(workspace: Path, url: str = "", lease_seconds: float = LEASE_SECONDS) -> JobQueue:
    """Return the queue of a workspace, its tables made or brought up to date.

    Args:
        workspace: Its folder; the jobs' logs lie in jobs/ of it.
        url: Of the database; empty for SQLite beside the logs.
        lease_seconds: How long a worker may be silent.

    Raises:
        UserError: The database cannot be used.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder = workspace.resolve() / FOLDER
    return JobQueue(Database(url, folder), folder, lease_seconds)
