"""A worker: takes one job after the other and runs its command."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from faceswap.jobs.child import ENDED
from faceswap.jobs.command_lines import check_command_line, shown
from faceswap.jobs.process import JobProcess, ended_before, last_words, progress_of, result_of
from faceswap.jobs.queue import JobQueue
from faceswap.jobs.tables import Job, State
from faceswap.utils.errors import UserError

POLL_SECONDS = 0.5
_INTERRUPTED, _USER_CAN_MEND = 130, 2
_HELD = "another process"  # of a folder's lock: an attempt whose worker was lost is still saving

log = logging.getLogger(__name__)


class Worker:
    """Runs the jobs of a queue, one at a time.

    Args:
        queue: Where they are.
        name: What this worker is called; no two share a name.
        poll_seconds: Between two looks at an empty queue, and between two heartbeats.
    """

    def __init__(self, queue: JobQueue, name: str, poll_seconds: float = POLL_SECONDS) -> None:
        self.queue = queue
        self.name = name
        self.poll_seconds = poll_seconds

    def run(self, *, until_empty: bool = False, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """Work until stopped (Ctrl-C, or `is_stopped`); `until_empty`: or until nothing can be done now."""
        while not is_stopped():
            try:
                job = self.queue.claim(self.name)
            except SQLAlchemyError as error:
                log.warning("the queue cannot be reached: %s", str(error).splitlines()[0])
                job = None
            if job is not None:
                self.work(job)
            elif until_empty:
                return
            else:
                time.sleep(self.poll_seconds)

    def work(self, job: Job) -> None:
        """Run a claimed job's command and write down how it ended; a worker that is stopped gives the job back."""
        try:
            folder = self.queue.folder_of(job.id)
            check_command_line(job.command, job.arguments)  # the database may be others', too
        except UserError as error:
            self.queue.finish(job, State.FAILED, None, str(error))
            return
        if ended_before(job, folder) == 0:
            self.queue.finish(job, State.DONE, 0, result=result_of(folder))
            return
        log.info("%s: %s", job.title, shown(job.command, job.arguments))
        running = JobProcess.start(job, folder)
        try:
            is_ours = self._watch(job, running)
        except BaseException:
            running.stop()
            self.queue.give_back(job, _INTERRUPTED, "its worker was stopped", counts=False)
            raise
        code = running.process.wait() if is_ours else running.stop()
        self._conclude(job, running, code)
        (folder / ENDED).unlink(missing_ok=True)

    def _watch(self, job: Job, running: JobProcess) -> bool:
        """Renew the lease until the command ends; False when it is to be stopped."""
        while True:
            with suppress(SQLAlchemyError):  # a database that is away for a moment
                if not self.queue.heartbeat(job, *progress_of(running.folder)):
                    return False
            try:
                running.process.wait(self.poll_seconds)
                return True
            except subprocess.TimeoutExpired:
                pass

    def _conclude(self, job: Job, running: JobProcess, code: int) -> None:
        if code == 0:
            self.queue.finish(job, State.DONE, code, result=result_of(running.folder))
        elif self.queue.get(job.id).is_cancel_asked:
            self.queue.finish(job, State.CANCELLED, code, "cancelled; what was finished stays")
        else:
            why = last_words(running.folder, code)
            if code == _USER_CAN_MEND and _HELD not in why:
                self.queue.finish(job, State.FAILED, code, why)
            else:
                self.queue.give_back(job, code, why)
        log.info("%s: %s", job.title, self.queue.get(job.id).state)
