"""Visitors on SQLite and on PostgreSQL: rows, jobs, folders."""

from __future__ import annotations

import pytest

from faceswap.booth.shared.game import REAL, GameRoom
from faceswap.booth.shared.tables import Game
from faceswap.booth.shared.visitors import RESULT, Visitors
from faceswap.jobs.tables import State
from faceswap.utils.errors import UserError
from tests.jobs.conftest import postgresql, postgresql_url, queue, url

__all__ = ["postgresql", "postgresql_url", "queue", "url"]


@pytest.fixture
def visitors(queue, tmp_path) -> Visitors:
    return Visitors(queue, tmp_path / "visitors")


def test_a_visitor_has_a_row_a_job_and_a_folder_until_deleted(visitors):
    visitor = visitors.add(b"jpeg", "words", "Anna", "a@b.example", is_for_stage=True)
    assert visitors.by_key(visitor.key).id == visitors.by_id(visitor.id).id == visitor.id
    job = visitors.queue.claim("a test")
    assert job.id == visitor.job_id and any(said.startswith("consent=the person") for said in job.arguments)
    assert not visitors.for_stage() and not visitors.to_be_mailed(3)
    visitors.queue.finish(job, State.DONE, 0)
    assert [one.id for one in visitors.for_stage()] == [one.id for one in visitors.to_be_mailed(3)] == [visitor.id]
    visitors.note(visitor, shown=1.0, email="")
    assert not visitors.for_stage() and not visitors.to_be_mailed(3)
    visitors.delete(visitor)
    visitors.delete(visitor)  # pressed twice
    assert not visitors.all() and not visitors.queue.jobs() and not list(visitors.folder.iterdir())


def test_a_job_that_cannot_be_queued_leaves_no_visitor(visitors, monkeypatch):
    monkeypatch.setattr("faceswap.jobs.queue.check_command_line", lambda *_: (_ for _ in ()).throw(UserError("no")))
    with pytest.raises(UserError):
        visitors.add(b"jpeg", "words")
    assert not visitors.all()


def test_a_sweep_leaves_what_somebody_has(visitors):
    visitor = visitors.add(b"jpeg", "words")
    (visitors.folder / visitor.id / RESULT).mkdir()
    visitors.sweep()
    assert (visitors.folder / visitor.id / RESULT).is_dir() and visitors.queue.jobs()


def test_rounds_of_the_game_are_kept(queue, tmp_path):
    room = GameRoom(queue.database, tmp_path / "game")
    with queue.database.writing() as session:
        session.add(Game(id="g", pictures=["real/0.jpg"], answers=[]))
    assert room.answer("g", 0, REAL).right == 1
    room.sign("g", "Anna")
    assert [one.name for one in room.best()] == ["Anna"]
    room.clear()
    assert not room.best()
