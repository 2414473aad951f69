"""The commands as a user runs them, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clips import Clip, make_clip


class Ran(NamedTuple):
    """What a finished command left: exit code, last line of stdout, stderr."""

    code: int
    path: Path
    stdout: str
    stderr: str


def run(command: str, *arguments: str, cwd: Path, code: int | None = 0, **environment: str) -> Ran:
    """Runs `python -m faceswap.COMMAND ARGUMENTS` in a folder and checks its exit code."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-m", f"faceswap.{command}" if command else "faceswap", *arguments],
        cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=240,
    )  # fmt: skip
    assert code is None or done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    lines = done.stdout.strip().splitlines()
    return Ran(done.returncode, cwd / (lines[-1] if lines else "nothing"), done.stdout, done.stderr)


def one_line_error(ran: Ran) -> str:
    """The error of a command that the user can mend: the last line of stderr, and no traceback."""
    assert ran.code == 2, ran
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("error: "), ran.stderr
    return last


class SubjectReader(NamedTuple):
    """A folder with two films, their face sets and a pair trained for a moment."""

    folder: Path
    a: Clip
    b: Clip


FAST = ("model=lite", "device=cpu", "batch_size=2", "workers=0", "preview_every=4", "save_every=4", "log_every=2")


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> SubjectReader:
    """The three commands, run once for all tests that look at what they leave."""
    folder = tmp_path_factory.mktemp("studio")
    craig, brosnan = make_clip(folder, "craig", 14, seed=1), make_clip(folder, "brosnan", 12, seed=2)
    for clip in (craig, brosnan):
        run("extract", f"video={clip.video}", "finder=landmarks", f"finder.path={clip.landmarks}", cwd=folder)
    run("train", "pair=craig_brosnan", "iterations=8", *FAST, cwd=folder)
    return SubjectReader(folder, craig, brosnan)
