"""python -m faceswap.jobs.child COMMAND JOBS: commands that end with the worker that started them.

JOBS is a file that names the folder, attempt and arguments of each; see `run`. When a command has ended its exit code
is written down, so that a worker killed just then makes nobody do it again.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from faceswap.jobs.command_lines import TOGETHER
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.links import open_append
from faceswap.utils.terminal import single_line
from faceswap.utils.untrusted.reading import read_json_table
from faceswap.utils.workers import interrupt_with_parent

ENDED, LOG, OUTPUT = "ended.json", "log.txt", "output.txt"
_INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run the commands and return the exit code of the last."""
    command, file = arguments
    interrupt_with_parent()
    jobs = read_json_table(file)["jobs"]
    if len(jobs) > 1:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command would say before it loads torch
        _speak_into(Path(jobs[0]["folder"]))
        _look_ahead(command, [job["arguments"] for job in jobs])
    code = 0
    for job in jobs:
        if dropped(Path(job["folder"]), job["attempt"]).exists():  # cancelled while others were at work
            _write_down(job, _INTERRUPTED)
            continue
        _speak_into(Path(job["folder"]))
        code = run(command, job)
        if code == _INTERRUPTED:  # those that are left are given back by the worker
            break
    return code


def dropped(folder: Path, attempt: int) -> Path:
    """Return the file that tells that an attempt of a job is not wanted any more."""
    return folder / f"dropped.{attempt}"


def run(command: str, job: Mapping[str, Any]) -> int:
    """Run one command and write down its exit code; return it.

    Args:
        command: Its name.
        job: Its `folder`, `attempt` and `arguments`.
    """
    sys.argv = [f"faceswap.{command}", *job["arguments"]]
    try:
        runpy.run_module(f"faceswap.{command}", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    _write_down(job, code)
    return code


def _look_ahead(command: str, lines: list[list[str]]) -> None:
    """Have a command see all its inputs in batches, where it can; what fails here fails again in its turn."""
    if not (module := TOGETHER.get(command)):
        return
    try:
        importlib.import_module(module).look_ahead(lines)
    except Exception as error:
        print(f"not looked at together: {type(error).__name__}: {single_line(str(error))}", file=sys.stderr)


def _write_down(job: Mapping[str, Any], code: int) -> None:
    sys.stdout.flush()
    write_json(Path(job["folder"]) / ENDED, {"attempt": job["attempt"], "exit_code": code})


def _speak_into(folder: Path) -> None:
    """Have this process say into the files of a job what it says from now on."""
    for stream, name in (sys.stdout, OUTPUT), (sys.stderr, LOG):
        stream.flush()
        with open_append(folder / name) as file:
            os.dup2(file.fileno(), stream.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
