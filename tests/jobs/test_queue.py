"""The queue: order, leases, retries with reasons, cancelling; on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import update

from faceswap.jobs.queue import MOST_TRIES, JobQueue
from faceswap.jobs.tables import Job, State
from faceswap.utils.errors import UserError


def lose(queue: JobQueue, job: Job) -> None:
    """The lease of a job runs out."""
    with queue.database.writing() as session:
        session.execute(update(Job).where(Job.id == job.id).values(lease_until=time.time() - 1))


def due(queue: JobQueue, job: Job) -> None:
    with queue.database.writing() as session:
        session.execute(update(Job).where(Job.id == job.id).values(not_before=0.0))


def test_jobs_come_by_priority_then_by_age(queue):
    late, early, urgent = (queue.submit("extract", [f"video={n}.mp4"], n, p) for n, p in (("b", 0), ("a", 0), ("c", 5)))
    assert [queue.place(job) for job in (late, early, urgent)] == [1, 2, 0]
    claimed = [queue.claim("w") for _ in range(4)]
    assert [job and job.id for job in claimed] == [urgent.id, late.id, early.id, None]
    assert claimed[0].state == State.RUNNING and claimed[0].worker == "w" and claimed[0].attempt == 1


def test_those_alike_come_with_the_first_but_none_that_was_tried(queue):
    first, tried, other, *alike = (
        queue.submit(command, []) for command in ("match", "match", "extract", *["match"] * 3)
    )
    claimed = queue.claim("w")
    assert claimed.id == first.id and not queue.claim_like(claimed, 0)
    again = queue.claim("lost")
    queue.give_back(again, 1, "out of luck")
    due(queue, again)
    assert [job.id for job in queue.claim_like(claimed, 2)] == [job.id for job in alike[:2]]
    rest = [queue.claim("v") for _ in range(4)]
    assert [job and job.id for job in rest] == [tried.id, other.id, alike[2].id, None]
    assert not queue.claim_like(rest[0], 5), "what was tried comes alone"
    told = queue.get(alike[0].id)
    assert (told.state, told.worker, told.attempt) == (State.RUNNING, "w", 1) and told.lease_until > time.time()
    assert queue.finish(told, State.DONE, 0)


def test_no_two_workers_get_one_job(queue):
    jobs = [queue.submit("extract", []) for _ in range(12)]
    got: list[str] = []

    def claim(name: str) -> None:
        while job := queue.claim(name):
            got.append(job.id)

    threads = [threading.Thread(target=claim, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(job.id for job in jobs)


def test_what_a_lost_worker_says_is_not_heard(queue):
    queue.submit("extract", [])
    first = queue.claim("lost")
    assert queue.heartbeat(first, 0.5, "half")
    lose(queue, first)
    assert queue.claim("other") is None, "a retry waits a moment"
    due(queue, first)
    second = queue.claim("other")
    assert second.id == first.id and second.attempt == 2 and "no sign" in second.attempts[0].reason
    assert not queue.heartbeat(first)
    assert not queue.finish(first, State.DONE, 0, result="old") and not queue.give_back(first, 1, "old")
    assert queue.finish(second, State.DONE, 0, result="new.mp4")
    told = queue.get(first.id)
    assert (told.state, told.result, told.progress) == (State.DONE, "new.mp4", 1.0)


def test_a_job_that_fails_again_and_again_ends_with_its_reason(queue):
    job = queue.submit("extract", [])
    for number in range(MOST_TRIES):
        due(queue, job)
        assert queue.give_back(queue.claim("w"), 1, f"reason {number}")
    told = queue.get(job.id)
    assert told.state == State.FAILED and told.reason == f"reason {MOST_TRIES - 1} (tried {MOST_TRIES} times)"
    assert [one.reason for one in told.attempts] == [f"reason {n}" for n in range(MOST_TRIES)]
    queue.again(job.id)
    assert queue.claim("w").attempt == MOST_TRIES + 1


def test_a_stopped_worker_costs_no_try(queue):
    job = queue.submit("extract", [])
    for _ in range(MOST_TRIES + 2):
        assert queue.give_back(queue.claim("w"), 130, "its worker was stopped", counts=False)
    assert queue.get(job.id).state == State.QUEUED and queue.get(job.id).tries == 0


def test_cancelling(queue):
    waiting, running = queue.submit("extract", []), queue.submit("train", [], priority=1)
    claimed = queue.claim("w")
    assert claimed.id == running.id
    queue.cancel(waiting.id)
    queue.cancel(running.id)
    assert queue.get(waiting.id).state == State.CANCELLED and not queue.heartbeat(claimed)
    assert queue.give_back(claimed, 130, "stopped") and queue.get(running.id).state == State.CANCELLED
    queue.cancel(running.id)
    assert queue.claim("w") is None
    with pytest.raises(UserError, match="no such job"):
        queue.cancel("nothing' OR 1=1 --")


def test_jobs_are_listed_newest_first(queue):
    made = [queue.submit(command, []) for command in ("extract", "train", "extract")]
    assert [job.id for job in queue.jobs()] == [job.id for job in reversed(made)]
    assert [job.id for job in queue.jobs(command="train")] == [made[1].id]
    assert len({job.id for job in made}) == 3 and all(len(job.id) >= 20 for job in made)


def test_those_who_have_not_ended_are_listed_in_the_order_of_their_turn(queue):
    others = queue.submit("edit", [])
    first, second, urgent = (queue.submit("extract", [], priority=p) for p in (0, 0, 5))
    queue.claim("w")
    assert [job.id for job in queue.unended("extract")] == [urgent.id, first.id, second.id]
    queue.cancel(first.id)
    assert [job.id for job in queue.unended("extract")] == [urgent.id, second.id]
    assert [job.id for job in queue.unended("edit")] == [others.id]


def test_a_job_is_forgotten_with_what_it_said_and_a_running_one_is_stopped_first(queue):
    job = queue.submit("extract", [])
    claimed = queue.claim("w")
    (queue.folder / job.id).mkdir()
    assert not queue.forget(job.id) and not queue.heartbeat(claimed)
    queue.give_back(claimed, 130, "stopped")
    assert queue.get(job.id).state == State.CANCELLED and queue.forget(job.id)
    assert not queue.jobs() and not (queue.folder / job.id).exists()
    assert queue.forget(job.id)  # again


def test_a_row_that_owns_a_job_is_written_with_it_or_not_at_all(queue):
    def broken(job: Job) -> Job:
        raise RuntimeError("no row")

    with pytest.raises(RuntimeError):
        queue.submit("extract", [], owner_of=broken)
    assert not queue.jobs()
    queue.submit("extract", [], owner_of=lambda job: Job(command="edit", arguments=[job.id]))
    assert {job.command for job in queue.jobs()} == {"extract", "edit"}
