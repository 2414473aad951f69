"""A worker: takes jobs and runs their commands, one after the other."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from faceswap.jobs.child import ENDED, dropped
from faceswap.jobs.command_lines import TOGETHER, check_command_line, shown
from faceswap.jobs.process import JobProcess, ended_as, ended_before, last_words, progress_of, result_of
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import Job, State
from faceswap.utils.errors import UserError

POLL_SECONDS = 0.5
_INTERRUPTED, _USER_CAN_MEND = 130, 2
_HELD = "another process"  # of a folder's lock: an attempt whose worker was lost is still saving

log = logging.getLogger(__name__)


class Worker:
    """Runs the jobs of a queue, one at a time, or some that are alike together.

    Args:
        queue: Where they are.
        name: What this worker is called; no two share a name.
        poll_seconds: Between two looks at an empty queue, and between two heartbeats.
        batch_size: How many jobs of a command that can (TOGETHER) one process does.
    """

    def __init__(self, queue: JobQueue, name: str, poll_seconds: float = POLL_SECONDS, batch_size: int = 1) -> None:
        self.queue = queue
        self.name = name
        self.poll_seconds = poll_seconds
        self.batch_size = batch_size

    def run(self, *, until_empty: bool = False, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """Work until stopped (Ctrl-C, or `is_stopped`); `until_empty`: or until nothing can be done now."""
        while not is_stopped():
            try:
                jobs = self._claimed()
            except SQLAlchemyError as error:
                log.warning("the queue cannot be reached: %s", str(error).splitlines()[0])
                jobs = []
            if jobs:
                self.work(*jobs)
            elif until_empty:
                return
            else:
                time.sleep(self.poll_seconds)

    def _claimed(self) -> list[Job]:
        first = self.queue.claim(self.name)
        if first is None:
            return []
        jobs = [first]
        if first.command in TOGETHER:
            with suppress(SQLAlchemyError):  # the first is done alone then
                jobs += self.queue.claim_like(first, self.batch_size - 1)
        return jobs

    def work(self, *jobs: Job) -> None:
        """Run claimed jobs of one command and write down how each ended; a worker that is stopped gives them back."""
        ready = [job for job in jobs if self._is_to_be_run(job)]
        if not ready:
            return
        for job in ready:
            log.info("%s: %s", job.title, shown(job.command, job.arguments))
        running = JobProcess.start(ready, [self.queue.folder_of(job.id) for job in ready])
        left = {job.id: job for job in ready}
        try:
            self._watch(running, left)
        except BaseException:
            running.stop()
            for job in left.values():
                has_ended = ended_as(self.queue.folder_of(job.id), job.attempt) not in (None, _INTERRUPTED)
                if not (has_ended and self._has_concluded(job)):
                    self.queue.give_back(job, _INTERRUPTED, "its worker was stopped", counts=False)
            raise

    def _is_to_be_run(self, job: Job) -> bool:
        try:
            folder = self.queue.folder_of(job.id)
            check_command_line(job.command, job.arguments)  # the database may be others', too
        except UserError as error:
            self.queue.finish(job, State.FAILED, None, str(error))
            return False
        if ended_before(job, folder) == 0:
            self.queue.finish(job, State.DONE, 0, result=result_of(folder))
            return False
        return True

    def _watch(self, running: JobProcess, left: dict[str, Job]) -> None:
        """Renew the leases until all have ended, and write down each that has; one that is let go ends soon."""
        while True:
            let_go = [job for job in left.values() if not self._is_ours(job)]
            for job in let_go:
                with suppress(OSError):  # a folder that is gone, with the job
                    dropped(self.queue.folder_of(job.id), job.attempt).touch()
            code = running.stop() if left and len(let_go) == len(left) else running.process.poll()
            for job in [job for job in left.values() if self._has_concluded(job)]:
                del left[job.id]
            if code is not None:
                break
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(self.poll_seconds)
        for job in list(left.values()):
            self._conclude(job, code or _INTERRUPTED)
            del left[job.id]

    def _is_ours(self, job: Job) -> bool:
        """Renew a lease; False when the job is to be stopped."""
        try:
            return self.queue.heartbeat(job, *progress_of(self.queue.folder_of(job.id)))
        except SQLAlchemyError:  # a database that is away for a moment
            return True

    def _has_concluded(self, job: Job) -> bool:
        """Write down how a job has ended, if it has."""
        folder = self.queue.folder_of(job.id)
        code = ended_as(folder, job.attempt)
        if code is None:
            return False
        self._conclude(job, code)
        (folder / ENDED).unlink(missing_ok=True)
        return True

    def _conclude(self, job: Job, code: int) -> None:
        folder = self.queue.folder_of(job.id)
        if code == 0:
            self.queue.finish(job, State.DONE, code, result=result_of(folder))
        elif self.queue.get(job.id).is_cancel_asked:
            self.queue.finish(job, State.CANCELLED, code, "cancelled; what was finished stays")
        else:
            why = last_words(folder, code)
            if code == _USER_CAN_MEND and _HELD not in why:
                self.queue.finish(job, State.FAILED, code, why)
            else:
                self.queue.give_back(job, code, why)
        log.info("%s: %s", job.title, self.queue.get(job.id).state)
