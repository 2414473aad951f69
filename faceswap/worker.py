"""python -m faceswap.worker workspace=workspace."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap.cli.runner import run_command

if TYPE_CHECKING:
    from faceswap.config.web import WorkerRequest

log = logging.getLogger(__name__)


def work(request: WorkerRequest) -> Path:
    """Run the jobs of a workspace's queue, and return the folder of what they said."""
    from faceswap.jobs.database import worker_name
    from faceswap.jobs.opening import open_queue
    from faceswap.jobs.working import Worker
    from faceswap.utils.workers import interrupt_with_parent

    if request.end_with_parent:
        interrupt_with_parent()
    queue = open_queue(Path(request.workspace), request.database)
    if not (request.until_empty or request.end_with_parent):
        log.info("waiting for the jobs of %s; Ctrl-C ends it", queue.folder.parent)
    try:
        Worker(queue, worker_name(), batch_size=request.batch_size).run(until_empty=request.until_empty)
    finally:
        queue.database.close()
    return queue.folder


if __name__ == "__main__":
    sys.exit(run_command("worker", work))
