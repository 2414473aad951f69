"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """End this worker as soon as its parent is gone, however that died; to be called in a worker as it starts.

    A pool tells its workers to end when it is closed, which a killed process never does: they would wait for work, or
    go on with it, for ever. Does nothing in a process that `multiprocessing` did not start.
    """
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
