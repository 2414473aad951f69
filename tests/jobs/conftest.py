"""Queues on SQLite and on PostgreSQL, and a command that takes no time."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap.jobs.opening import open_queue
from faceswap.jobs.queue import JobQueue

# In the place of `python -m faceswap.edit`: writes out= after some seconds, fails as it is told.
FAKE = """
import os, sys, time
from pathlib import Path
said = dict(argument.split("=", 1) for argument in sys.argv[1:])
if __name__ == "__main__":
    out = Path(said["out"])
    with open(f"{out}.runs", "a") as runs:
        runs.write("begun\\n")
    print("faces:  40%|####      | 4/10 [00:01<00:01]", file=sys.stderr, flush=True)
    time.sleep(float(said.get("seconds", 0)))
    if (code := int(said.get("code", 0))) < 0:
        os.kill(os.getpid(), -code)
    if code:
        print("error: " + said.get("why", "it cannot be"), file=sys.stderr)
        sys.exit(code)
    temp = out.with_suffix(f".{os.getpid()}")
    temp.write_text("film")
    os.replace(temp, out)
    print(out)
"""
SITE = """
import importlib.util, sys
from pathlib import Path

class Fake:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "faceswap.edit":
            return importlib.util.spec_from_file_location(name, Path(__file__).parent / "fake_edit.py")

sys.meta_path.insert(0, Fake)
"""


@pytest.fixture
def fake_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes `python -m faceswap.edit` of child processes a command that writes out= at once."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "fake_edit.py").write_text(FAKE)
    (folder / "sitecustomize.py").write_text(SITE)
    root = str(Path(__file__).resolve().parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), root]))
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each kind."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def queue(url: str, tmp_path: Path) -> Iterator[JobQueue]:
    opened = open_queue(tmp_path / "workspace", url, lease_seconds=1.0)
    yield opened
    opened.database.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of this session's own, on a socket."""
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg")
    found = [shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), "")
             for name in ("initdb", "pg_ctl")]  # fmt: skip
    if not all(found):
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="faceswap-postgresql-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        if not shutil.which("runuser") or "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([*as_user, found[0], "-D", str(data), "-U", "faceswap", "-A", "trust", "--no-sync"], **quiet)
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    started = [*as_user, found[1], "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start"]
    subprocess.run(started, **quiet)
    try:
        yield f"postgresql+psycopg://faceswap@/%s?host={folder}"
    finally:
        subprocess.run([*as_user, found[1], "-D", str(data), "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql: str, tmp_path: Path) -> str:
    from sqlalchemy import create_engine, text

    name = f"test_{abs(hash(str(tmp_path)))}"
    with create_engine(postgresql % "postgres", isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return postgresql % name


WORKER = """
import sys
from pathlib import Path
from faceswap.jobs.opening import open_queue
from faceswap.jobs.working import TOGETHER, Worker
TOGETHER["edit"] = ""
Worker(open_queue(Path(sys.argv[1]), sys.argv[2], 1.0), sys.argv[3], 0.05, int(sys.argv[4])).run()
"""


def start_worker(workspace: Path, url: str, name: str, batch_size: int = 1) -> subprocess.Popen:
    """A worker as a process of its own, to be killed."""
    line = [sys.executable, "-c", WORKER, str(workspace), url, name, str(batch_size)]
    return subprocess.Popen(line, stderr=subprocess.DEVNULL)
