"""python -m faceswap.jobs.child FOLDER ATTEMPT COMMAND ARGUMENTS: a command that ends with the worker that started it.

When the command has ended its exit code is written down, so that a worker killed just then makes nobody do it again.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from faceswap.utils.files.atomic import write_json
from faceswap.utils.workers import interrupt_with_parent

ENDED = "ended.json"


def main(arguments: list[str]) -> int:
    """Run the command and write down its exit code; return it."""
    folder, attempt, command, *rest = arguments
    interrupt_with_parent()
    sys.argv = [f"faceswap.{command}", *rest]
    try:
        runpy.run_module(f"faceswap.{command}", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    sys.stdout.flush()
    write_json(Path(folder) / ENDED, {"attempt": int(attempt), "exit_code": code})
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
