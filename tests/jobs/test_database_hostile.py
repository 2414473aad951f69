"""A queue's database that somebody else has written: it leads nowhere, and what makes no sense is one line."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from faceswap.jobs.command_lines import shown
from faceswap.jobs.database import FILE
from faceswap.jobs.opening import open_queue
from faceswap.jobs.process import LOG, OUTPUT, progress_of, result_of
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import State
from faceswap.jobs.working import Worker
from faceswap.utils.errors import UserError


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    return open_queue(tmp_path / "workspace")


def changed(queue: JobQueue, column: str, value: Any) -> None:
    """Put a value into the row of a job that waits, behind the queue's back."""
    queue.submit("export", ["pair=anna_ben"])
    with sqlite3.connect(queue.folder / FILE) as database:
        database.execute(f"UPDATE jobs SET {column} = ?", (value,))
    database.close()


def work(queue: JobQueue) -> None:
    Worker(queue, "w", poll_seconds=0.01).run(until_empty=True)


@pytest.mark.parametrize("identity", ["../../elsewhere", "/tmp/elsewhere-of-a-job", "..", "a/b", "x" * 200])
def test_a_jobs_name_leads_nowhere(queue: JobQueue, tmp_path: Path, identity: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / OUTPUT).write_text("mine")
    changed(queue, "id", identity)
    work(queue)
    assert queue.jobs()[0].state == State.FAILED and "identity" in queue.jobs()[0].reason
    assert (tmp_path / "elsewhere" / OUTPUT).read_text() == "mine"
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == [OUTPUT]


def test_forgetting_a_job_removes_nothing_elsewhere(queue: JobQueue, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    changed(queue, "id", "../../elsewhere")
    assert queue.forget("../../elsewhere") and queue.jobs() == []
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize(
    ("column", "value"),
    [("command", "os"), ("command", 7), ("command", "../faceswap.verify"), ("arguments", "null"), ("arguments", "7"),
     ("arguments", json.dumps({"pair": "x"})), ("arguments", json.dumps({"pair=x": 1})), ("arguments", json.dumps([7])),
     ("arguments", json.dumps(["--help"])),
     ("arguments", json.dumps(["trust=evil"])), ("arguments", json.dumps(["hydra.run.dir=/tmp"]))],
)  # fmt: skip
def test_what_is_no_command_of_ours_is_not_run(queue: JobQueue, column: str, value: Any) -> None:
    changed(queue, column, value)
    work(queue)
    job = queue.jobs()[0]
    assert job.state == State.FAILED and isinstance(shown(str(job.command), job.arguments), str)


@pytest.mark.parametrize(
    ("column", "value"),
    [("arguments", "{"), ("arguments", "[" * 100_000), ("attempt", "many"), ("attempt", b"\xff"), ("attempt", 2**62)],
)
def test_values_that_no_queue_writes_are_one_line(queue: JobQueue, column: str, value: Any) -> None:
    changed(queue, column, value)
    try:
        work(queue)
    except UserError as error:
        assert "no queue has written" in str(error) and "\n" not in str(error)
    else:
        assert queue.jobs()[0].state != State.QUEUED


def test_a_queue_whose_pages_are_damaged_is_one_line(queue: JobQueue) -> None:
    for _ in range(40):
        queue.submit("export", ["pair=anna_ben", f"out={'x' * 900}.onnx"])
    queue.database.close()
    path = queue.folder / FILE
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x7f" * (len(content) - 4096))
    with pytest.raises(UserError, match="cannot use the database") as told:
        work(queue)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_sqlite_writes_through_no_link(tmp_path: Path, end: str) -> None:
    (tmp_path / "workspace" / "jobs").mkdir(parents=True)
    (tmp_path / "mine").write_bytes(b"")
    (tmp_path / "workspace" / "jobs" / (FILE + end)).symlink_to(tmp_path / "mine")
    with pytest.raises(UserError, match="is a link"):
        open_queue(tmp_path / "workspace")
    assert (tmp_path / "mine").read_bytes() == b""


def test_a_pipe_in_a_jobs_folder_is_not_waited_for(tmp_path: Path) -> None:
    for name in (LOG, OUTPUT):
        os.mkfifo(tmp_path / name)
    assert result_of(tmp_path) == "" and progress_of(tmp_path) == (None, "")


@pytest.mark.parametrize(
    "content", [b"no database", b"SQLite format 3\0" + bytes(84), b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_what_is_no_database_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "workspace" / "jobs").mkdir(parents=True)
    (tmp_path / "workspace" / "jobs" / FILE).write_bytes(content)
    with pytest.raises(UserError, match="cannot use the database") as told:
        open_queue(tmp_path / "workspace")
    assert "\n" not in str(told.value)
