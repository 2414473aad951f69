"""python -m faceswap.worker workspace=workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from faceswap.cli.runner import run_command


def work(config: Any) -> Path:
    """Run the jobs of a workspace's queue, and return the folder of what they said."""
    from faceswap.jobs.database import worker_name
    from faceswap.jobs.opening import open_queue
    from faceswap.jobs.working import Worker
    from faceswap.utils.workers import interrupt_with_parent

    if config.end_with_parent:
        interrupt_with_parent()
    queue = open_queue(Path(config.workspace), config.database)
    try:
        Worker(queue, worker_name()).run(until_empty=config.until_empty)
    finally:
        queue.database.close()
    return queue.folder


if __name__ == "__main__":
    sys.exit(run_command("worker", work))
