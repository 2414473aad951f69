import time
from pathlib import Path

import pytest

from faceswap.commands.workers.processes import ErrandProcess, ended_processes
from faceswap.utils.errors import UserError
from tests.commands.workers.errands import Note


def ended(worker: ErrandProcess) -> None:
    while worker.is_at_work():
        time.sleep(0.02)


def test_a_process_that_stands_by_has_imported_what_is_needed(tmp_path: Path) -> None:
    with ended_processes() as workers:
        workers.append(ErrandProcess(needed=["wave"]))
        workers[0].give(Note(tmp_path / "out"))
        ended(workers[0])
    assert (tmp_path / "out").read_text() == "wave"


def test_what_goes_wrong_is_told(tmp_path: Path) -> None:
    with ended_processes() as workers, pytest.raises(UserError, match="no room"):
        workers.append(ErrandProcess(Note(tmp_path / "out", fails=True)))
        ended(workers[0])


def test_one_without_an_errand_ends_with_the_block() -> None:
    with ended_processes() as workers:
        workers.append(ErrandProcess(needed=["wave"]))
        assert workers[0].is_at_work()
    assert not workers[0]._process.is_alive()


def test_one_that_has_died_meanwhile_is_told(tmp_path: Path) -> None:
    with ended_processes() as workers, pytest.raises(UserError, match="exit code -15"):
        workers.append(ErrandProcess())
        workers[0].end()
        workers[0].give(Note(tmp_path / "out"))
        ended(workers[0])
