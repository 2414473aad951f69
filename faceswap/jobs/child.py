"""python -m faceswap.jobs.child FOLDER ATTEMPT COMMAND ARGUMENTS: a command that ends with the worker that started it.

When the command has ended its exit code is written down, so that a worker killed just then makes nobody do it again.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

from faceswap.utils.files.atomic import write_json

ENDED = "ended.json"
_LOOK_SECONDS = 0.5
_SAVE_SECONDS = 60.0  # for a command to save what it has, before it is ended


def main(arguments: list[str]) -> int:
    """Run the command and write down its exit code; return it."""
    folder, attempt, command, *rest = arguments
    threading.Thread(target=_end_with, args=(os.getppid(),), name="worker", daemon=True).start()
    sys.argv = [f"faceswap.{command}", *rest]
    try:
        runpy.run_module(f"faceswap.{command}", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    sys.stdout.flush()
    write_json(Path(folder) / ENDED, {"attempt": int(attempt), "exit_code": code})
    return code


def _end_with(parent: int) -> None:
    """Interrupt this process when its worker is gone, as Ctrl-C does; end it when it does not end."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SAVE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
