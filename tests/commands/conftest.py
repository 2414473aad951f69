"""The commands as a user runs them, each in a process of its own."""

from __future__ import annotations

import os
import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clips import Clip, make_clip
from tests.processes import forks
from tests.swap.fakes import SMALL_UD


class Ran(NamedTuple):
    """What a finished command left: exit code, last line of stdout, stderr."""

    code: int
    path: Path
    stdout: str
    stderr: str


def run_process(command: str, *arguments: str, cwd: Path, code: int | None = 0, **environment: str) -> Ran:
    """Runs `python -m faceswap.COMMAND ARGUMENTS` in a folder and checks its exit code.

    Python and torch take seconds to start: for tests of what only a process of one's own shows.
    """
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-m", f"faceswap.{command}" if command else "faceswap", *arguments],
        cwd=cwd, env=env, capture_output=True, text=True, errors="surrogateescape", stdin=subprocess.DEVNULL,
        timeout=240,
    )  # fmt: skip
    return _ran(cwd, done.returncode, done.stdout, done.stderr, code)


def run(
    command: str, *arguments: str, cwd: Path, code: int | None = 0, memory_bytes: int = 0, **environment: str
) -> Ran:
    """As `run_process`, in a process that is forked from one that has imported everything.

    `memory_bytes`: of addresses that it may have, as by `ulimit -v`; 0: any number.
    """
    os.umask(umask := os.umask(0))
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "stdout"), Path(folder, "stderr")
        typed = Typed(command, arguments, str(cwd), told, environment, memory_bytes, umask)
        process = forks().Process(target=run_typed, args=(typed,))
        process.start()
        process.join(240)
        process.kill()
        stdout, stderr = (path.read_text("utf-8", "surrogateescape") for path in told)
        return _ran(cwd, process.exitcode, stdout, stderr, code)


def _ran(cwd: Path, code: int | None, stdout: str, stderr: str, wanted: int | None) -> Ran:
    assert code is not None and wanted in (None, code), f"exit code {code}\n{stdout}\n{stderr}"
    lines = stdout.strip().splitlines()
    return Ran(code, cwd / (lines[-1] if lines else "nothing"), stdout, stderr)


class Typed(NamedTuple):
    """A command line, and what a process of its own would get from the one that starts it.

    `told`: the files that its stdout and stderr go to.
    """

    command: str
    arguments: tuple[str, ...]
    cwd: str
    told: tuple[Path, Path]
    environment: Mapping[str, str] = {}
    memory_bytes: int = 0
    umask: int = 0o022


def run_typed(typed: Typed) -> None:
    """What `python -m faceswap.COMMAND ARGUMENTS` does, in a process that is there already."""
    if typed.memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (typed.memory_bytes, typed.memory_bytes))
    for number, path in zip((1, 2), typed.told, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(typed.cwd)
    os.umask(typed.umask)
    os.environ.update(typed.environment)
    sys.argv = [typed.command, *typed.arguments]
    module = f"faceswap.{typed.command}" if typed.command else "faceswap.__main__"
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def one_line_error(ran: Ran) -> str:
    """The error of a command that the user can mend: the last line of stderr, and no traceback."""
    assert ran.code == 2, ran
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("error: "), ran.stderr
    return last


class Example(NamedTuple):
    """A folder with two films, their face sets and a pair trained for a moment."""

    folder: Path
    a: Clip
    b: Clip


QUICK = ("device=cpu", "batch_size=2", "workers=0", "preview_every=4", "save_every=4", "log_every=2")
FAST = ("model=lite", *QUICK)  # begins with generic weights, and so draws faces
# For a run of one's own: begins at random, and its checkpoints have 1 MB where those of `lite` have 100.
SMALL = ("model=df", *(f"model.{name}={size}" for name, size in SMALL_UD.items()), *QUICK)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The three commands, run once for all tests that look at what they leave."""
    folder = tmp_path_factory.mktemp("example")
    craig, brosnan = make_clip(folder, "craig", 14, seed=1), make_clip(folder, "brosnan", 12, seed=2)
    for clip, typed in ((craig, run_process), (brosnan, run)):
        typed("extract", f"video={clip.video}", "finder=landmarks", f"finder.path={clip.landmarks}", cwd=folder)
    run_process("train", "pair=craig_brosnan", "iterations=8", *FAST, cwd=folder)
    return Example(folder, craig, brosnan)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser of the system."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return found


@pytest.fixture
def ray_address(monkeypatch) -> Iterator[str]:
    """The address of a Ray cluster of two nodes on this machine, a core each."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster.address
    finally:
        cluster.shutdown()
