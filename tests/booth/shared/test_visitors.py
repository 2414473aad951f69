"""Visitors on SQLite and on PostgreSQL: rows, jobs, folders."""

from __future__ import annotations

import pytest

from faceswap.booth.shared.game import REAL, GameRoom
from faceswap.booth.shared.tables import Game
from faceswap.booth.shared.visitors import PHOTO, RESULT, Arrival, Visitors
from faceswap.jobs.tables import State
from faceswap.utils.errors import UserError
from tests.booth.conftest import photo
from tests.jobs.conftest import postgresql, postgresql_url, queue, url

__all__ = ["postgresql", "postgresql_url", "queue", "url"]


@pytest.fixture
def visitors(queue, tmp_path) -> Visitors:
    return Visitors(queue, tmp_path / "visitors")


def test_a_visitor_has_a_row_a_job_and_a_folder_until_deleted(visitors):
    visitor = visitors.add(Arrival(photo(), "words", "Anna", "a@b.example", is_for_stage=True))
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
        visitors.add(Arrival(photo(), "words"))
    assert not visitors.all()


def test_of_many_who_come_at_once_only_those_without_a_photo_are_refused(visitors):
    arrivals = [Arrival(photo(), f"words {number}") for number in range(5)]
    arrivals[2] = Arrival(b"no photo", "words")
    told = visitors.add_all(arrivals)
    assert [isinstance(one, UserError) for one in told] == [False, False, True, False, False]
    there = [one for one in told if not isinstance(one, UserError)]
    assert [job.id for job in (visitors.queue.claim("a test") for _ in there)] == [one.job_id for one in there]
    assert {path.name for path in visitors.folder.iterdir()} == {one.id for one in visitors.all()}
    assert all((visitors.folder / one.id / PHOTO).read_bytes() == photo() for one in there)
    assert [isinstance(one, UserError) for one in visitors.add_all([arrivals[2]])] == [True]


def test_a_sweep_leaves_what_somebody_has(visitors):
    visitor = visitors.add(Arrival(photo(), "words"))
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
