"""Workers: what a command's end means, and that nothing is lost or done twice when they are killed."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path

import pytest

from faceswap.config.web import WorkerRequest
from faceswap.jobs import working
from faceswap.jobs.process import LOG
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import Job, State
from faceswap.jobs.working import Worker
from faceswap.worker import work
from tests.jobs.conftest import start_worker


def worked(queue: JobQueue, *arguments: str) -> Job:
    """A job after a worker has seen it once."""
    job = queue.submit("edit", list(arguments))
    worker = Worker(queue, "w", poll_seconds=0.05)
    worker.work(queue.claim("w"))
    return queue.get(job.id)


def ended(queue: JobQueue, job_id: str, seconds: float = 60) -> Job:
    """A job once it has ended."""
    until = time.monotonic() + seconds
    while (job := queue.get(job_id)).ended is None and time.monotonic() < until:
        time.sleep(0.05)
    return job


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
class TestEnds:
    def test_what_was_made_is_told(self, queue, fake_edit, tmp_path):
        job = worked(queue, f"out={tmp_path / 'a.mp4'}", "seconds=0.4")
        assert (job.state, job.result, job.progress) == (State.DONE, str(tmp_path / "a.mp4"), 1.0)
        assert "faces:  40%  4/10" in job.told and (tmp_path / "a.mp4").read_text() == "film"

    def test_a_users_mistake_is_not_tried_again(self, queue, fake_edit, tmp_path):
        job = worked(queue, f"out={tmp_path / 'a'}", "code=2", "why=there is no video")
        assert (job.state, job.reason) == (State.FAILED, "there is no video")

    @pytest.mark.parametrize(
        ("code", "why", "told"),
        [("1", "out of luck", "out of luck"), ("-9", "", "it was ended by SIGKILL; often memory was short"),
         ("2", "x: another process is saving", "x: another process is saving")],
    )  # fmt: skip
    def test_what_may_pass_is_tried_again(self, queue, fake_edit, tmp_path, code, why, told):
        job = worked(queue, f"out={tmp_path / 'a'}", f"code={code}", f"why={why}")
        assert (job.state, job.reason, job.tries) == (State.QUEUED, told, 1)

    def test_a_cancelled_command_is_stopped(self, queue, fake_edit, tmp_path):
        job = queue.submit("edit", [f"out={tmp_path / 'a'}", "seconds=60"])
        timer = threading.Timer(0.5, queue.cancel, [job.id])
        timer.start()
        Worker(queue, "w", poll_seconds=0.05).work(queue.claim("w"))
        assert queue.get(job.id).state == State.CANCELLED and not (tmp_path / "a").exists()

    def test_a_stopped_worker_gives_its_job_back(self, queue, fake_edit, tmp_path, monkeypatch):
        job = queue.submit("edit", [f"out={tmp_path / 'a'}", "seconds=60"])
        claimed = queue.claim("w")

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(queue, "heartbeat", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Worker(queue, "w").work(claimed)
        told = queue.get(job.id)
        assert (told.state, told.tries, told.reason) == (State.QUEUED, 0, "its worker was stopped")

    def test_a_command_that_ended_unheard_is_not_run_again(self, queue, fake_edit, tmp_path):
        out = tmp_path / "a.mp4"
        job = queue.submit("edit", [f"out={out}"])
        first = queue.claim("killed")
        from faceswap.jobs.process import JobProcess

        assert JobProcess.start([first], [queue.folder / job.id]).process.wait() == 0
        queue.give_back(first, None, "lost", counts=False)
        Worker(queue, "w").work(queue.claim("w"))
        told = queue.get(job.id)
        assert (told.state, told.result) == (State.DONE, str(out))
        assert Path(f"{out}.runs").read_text() == "begun\n"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
class TestTogether:
    """Jobs that one process does."""

    @pytest.fixture
    def worker(self, queue, monkeypatch) -> Worker:
        monkeypatch.setitem(working.TOGETHER, "edit", "")
        return Worker(queue, "w", poll_seconds=0.05, batch_size=8)

    def test_each_ends_as_it_would_alone(self, queue, worker, fake_edit, tmp_path):
        said = {"a": [], "b": ["code=2", "why=there is no video"], "c": ["code=1", "why=out of luck"], "d": []}
        jobs = {name: queue.submit("edit", [f"out={tmp_path / name}", *more]) for name, more in said.items()}
        claimed = worker._claimed()
        assert [job.id for job in claimed] == [job.id for job in jobs.values()]
        worker.work(*claimed)
        a, b, c, d = (queue.get(job.id) for job in jobs.values())
        for name, job in ("a", a), ("d", d):
            assert (job.state, job.result) == (State.DONE, str(tmp_path / name)), job.reason
            assert Path(f"{tmp_path / name}.runs").read_text() == "begun\n"
        assert (b.state, b.reason) == (State.FAILED, "there is no video")
        assert (c.state, c.reason, c.tries) == (State.QUEUED, "out of luck", 1)
        assert "out of luck" not in (queue.folder_of(d.id) / LOG).read_text()

    def test_what_ends_the_process_is_tried_alone_and_what_was_done_stays(self, queue, worker, fake_edit, tmp_path):
        jobs = [
            queue.submit("edit", [f"out={tmp_path / name}", *more])
            for name, more in (("a", []), ("b", ["code=-9"]), ("c", []))
        ]
        worker.work(*worker._claimed())
        told = [queue.get(job.id) for job in jobs]
        assert [job.state for job in told] == [State.DONE, State.QUEUED, State.QUEUED]
        assert [job.tries for job in told] == [0, 1, 1] and "SIGKILL" in told[1].reason
        assert not (tmp_path / "c").exists() and (tmp_path / "a").read_text() == "film"

    def test_one_that_is_cancelled_in_its_place_is_left_out(self, queue, worker, fake_edit, tmp_path):
        jobs = [queue.submit("edit", [f"out={tmp_path / name}", "seconds=1.5"]) for name in "ab"]
        claimed = worker._claimed()
        queue.cancel(jobs[1].id)
        worker.work(*claimed)
        assert [queue.get(job.id).state for job in jobs] == [State.DONE, State.CANCELLED]
        assert not Path(f"{tmp_path / 'b'}.runs").exists()

    def test_a_stopped_worker_gives_back_what_is_not_done(self, queue, worker, fake_edit, tmp_path, monkeypatch):
        jobs = [queue.submit("edit", [f"out={tmp_path / name}", f"seconds={n}"]) for name, n in (("a", 0), ("b", 60))]
        watched = worker._is_ours

        def interrupted(job: Job) -> bool:
            if (tmp_path / "b.runs").exists():
                raise KeyboardInterrupt
            return watched(job)

        monkeypatch.setattr(worker, "_is_ours", interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.work(*worker._claimed())
        told = [queue.get(job.id) for job in jobs]
        assert [(job.state, job.tries) for job in told] == [(State.DONE, 0), (State.QUEUED, 0)]
        assert told[1].reason == "its worker was stopped"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("batch_size", [1, 3])
def test_killed_workers_lose_nothing_and_do_nothing_twice(queue, url, fake_edit, tmp_path, batch_size):
    chance = random.Random(3)
    jobs = [queue.submit("edit", [f"out={tmp_path / f'{n}.mp4'}", "seconds=0.3"]) for n in range(4)]
    workspace = queue.folder.parent
    workers = [start_worker(workspace, url, f"w{n}", batch_size) for n in range(2)]
    try:
        for number in range(4):
            time.sleep(chance.uniform(0.3, 1.0))
            workers[number % 2].send_signal(signal.SIGKILL)
            workers[number % 2].wait()
            workers[number % 2] = start_worker(workspace, url, f"again{number}", batch_size)
        told = [ended(queue, job.id) for job in jobs]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert [job.state for job in told] == [State.DONE] * len(jobs), [job.reason for job in told]
    assert [job.result for job in told] == [str(tmp_path / f"{n}.mp4") for n in range(len(jobs))]
    for job in told:
        assert Path(job.result).read_text() == "film"
        assert sum(one.ended is not None and one.exit_code == 0 for one in job.attempts) == 1


@pytest.mark.parametrize(
    ("said", "is_told"), [({}, True), ({"until_empty": True}, False), ({"end_with_parent": True}, False)]
)
def test_where_it_waits_is_told_to_who_has_started_it(tmp_path, monkeypatch, caplog, said, is_told):
    monkeypatch.setattr(Worker, "run", lambda worker, until_empty: None)
    monkeypatch.setattr("faceswap.utils.workers.interrupt_with_parent", lambda: None)
    with caplog.at_level("INFO"):
        work(WorkerRequest(str(tmp_path / "workspace"), **said))
    assert (f"waiting for the jobs of {tmp_path / 'workspace'};" in caplog.text) == is_told
