"""The commands of jobs as a process: started, watched, stopped, and what it says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faceswap.jobs.child import ENDED, LOG, OUTPUT
from faceswap.jobs.tables import Job
from faceswap.utils.files.atomic import write_json
from faceswap.utils.files.links import open_append, own_folder
from faceswap.utils.progress import INTERVAL_VARIABLE
from faceswap.utils.untrusted.reading import Untrusted, open_regular, read_json_table

JOBS = "jobs.json"
_TAIL_BYTES = 8192
_STOP_SECONDS = 60.0
_PERCENT = re.compile(r"(\d{1,3})%\|")
_BAR = re.compile(r"\|[^|\r\n]*\|")
_LAST_WORDS = re.compile(r"^(?:error|bug|interrupted): (.*)$", re.MULTILINE)


@dataclass
class JobProcess:
    """A running process that does the commands of jobs, one after the other.

    Attributes:
        folders: Where log and output of each lie.
        process: The process.
    """

    folders: Sequence[Path]
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, jobs: Sequence[Job], folders: Sequence[Path]) -> JobProcess:
        """Start the command of jobs in a session of its own; what it says is added to what earlier attempts said."""
        told = []
        for job, folder in zip(jobs, folders, strict=True):
            own_folder(folder)
            for old in (folder / ENDED, folder / OUTPUT, *folder.glob("dropped.*")):
                old.unlink(missing_ok=True)
            told.append({"folder": str(folder), "attempt": job.attempt, "arguments": list(job.arguments)})
        write_json(folders[0] / JOBS, {"jobs": told})
        line = [sys.executable, "-m", "faceswap.jobs.child", jobs[0].command, str(folders[0] / JOBS)]
        with open_append(folders[0] / LOG) as log, open_append(folders[0] / OUTPUT) as output:
            process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=output, stderr=log, start_new_session=True,
                env={**os.environ, INTERVAL_VARIABLE: "1"},
            )  # fmt: skip
        return cls(folders, process)

    def stop(self) -> int:
        """Interrupt the command as Ctrl-C does; kill it, and what it started, if it does not end. Return its code."""
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            if sys.platform == "win32":
                self.process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


def ended_before(job: Job, folder: Path) -> int | None:
    """Return the exit code of the attempt before, where its command ended and its worker did not live to say so."""
    return ended_as(folder, job.attempt - 1)


def ended_as(folder: Path, attempt: int) -> int | None:
    """Return the exit code that an attempt of a job has ended with; None where it has not."""
    try:
        told = read_json_table(folder / ENDED)
    except (OSError, Untrusted):
        return None
    code = told.get("exit_code")
    return code if told.get("attempt") == attempt and isinstance(code, int) else None


def result_of(folder: Path) -> str:
    """Return the last line that a job's command printed: the path of what it made."""
    lines = _tail(folder / OUTPUT).strip().splitlines()
    return lines[-1] if lines else ""


def progress_of(folder: Path) -> tuple[float | None, str]:
    """Return how far a job's command is, [0, 1], and its last line; None where it does not tell."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", _tail(folder / LOG)) if line.strip()]
    told = next((line for line in reversed(lines) if _PERCENT.search(line)), "")
    share = float(_PERCENT.findall(told)[-1]) / 100 if told else None
    last = lines[-1] if lines else ""
    return (None if share is None else min(share, 1.0)), _BAR.sub(" ", last).strip()


def last_words(folder: Path, code: int) -> str:
    """Return why a command ended with an exit code that is not 0, in one line."""
    if code < 0:
        name = signal.Signals(-code).name if -code in {int(one) for one in signal.Signals} else str(-code)
        return f"it was ended by {name}" + ("; often memory was short" if name == "SIGKILL" else "")
    found = _LAST_WORDS.findall(_tail(folder / LOG).replace("\r", "\n"))
    return found[-1] if found else f"it ended with exit code {code}"


def _tail(path: Path) -> str:
    """Return the end of a text file; empty where there is none."""
    try:
        with open(open_regular(path), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            return file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except (FileNotFoundError, Untrusted):
        return ""
