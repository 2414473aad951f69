"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing import parent_process

_LOOK_SECONDS = 0.5
_SAVE_SECONDS = 60.0  # for a command to save what it has, before it is ended


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


def interrupt_with_parent() -> None:
    """Interrupt this process, as Ctrl-C does, when the one that started it is gone; end it when it does not end."""
    threading.Thread(target=_look_for, args=(os.getppid(),), name="parent", daemon=True).start()


def _look_for(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SAVE_SECONDS)
    os._exit(1)
