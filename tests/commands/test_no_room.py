"""A disk that is full and memory that does not suffice: one line, exit code 2, nothing half-written."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap.utils.files.temporary import TEMP_MARK
from tests.commands.conftest import FAST, Example, Typed, run_typed
from tests.processes import forks
from tests.stylegan.tiny import tiny_files

STYLE = ("data=workspace/faces/craig", "plan.resolution=32", "plan.channels=16,16,16,16", "monitor.samples=0",
         "batch_size=4", "kimg=0.02", "device=cpu")  # fmt: skip
COMMANDS = {  # all write into the folder `full`
    "train": ("pair=craig_brosnan", "iterations=4", "init=scratch", *FAST),
    "convert": ("run=run", "video=brosnan.mp4", "device=cpu", "detail=none", "out=full/film.mp4"),
    "convert_weights": ("generator=weights/generator.safetensors", "out=full/weights.safetensors"),
    "stylegan.train": (*STYLE, "run=full/style"),
}
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000  # of Linux' sched.h; os.unshare comes with Python 3.12
MAY_NOT_MOUNT = 77
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts of Linux")


@pytest.fixture
def folder(example: Example, tmp_path: Path) -> Path:
    """Films and a run to read; face sets whose runs go into `full`; tiny weights."""
    (tmp_path / "full").mkdir()
    (tmp_path / "workspace").mkdir()
    for name, place in (
        ("brosnan.mp4", "brosnan.mp4"), ("run", "workspace/runs/craig_brosnan"), ("workspace/faces", "workspace/faces")
    ):  # fmt: skip
        (tmp_path / name).symlink_to(example.folder / place)
    (tmp_path / "workspace" / "runs").symlink_to(tmp_path / "full")
    (tmp_path / "weights").mkdir()
    tiny_files(tmp_path / "weights")
    return tmp_path


def typed(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What bash makes of a script in which $PYTHON is this Python."""
    return subprocess.run(
        ["bash", "-c", script], cwd=cwd, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHON": sys.executable},
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str], line_start: str) -> None:
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2 and last.startswith(line_start) and "Traceback" not in done.stderr, done


def in_small_room(command: Typed, room_kb: int, left: Path) -> None:
    """In a forked process: the command with a file system of its own at `full`, then what lies there."""
    system = ctypes.CDLL(None)
    maps = {"setgroups": "deny", "uid_map": f"0 {os.geteuid()} 1", "gid_map": f"0 {os.getegid()} 1"}
    if system.unshare(CLONE_NEWUSER | CLONE_NEWNS):
        sys.exit(MAY_NOT_MOUNT)
    for name, line in maps.items():
        Path("/proc/self", name).write_text(line)
    folder = Path(command.cwd, "full")
    if system.mount(b"full", bytes(folder), b"tmpfs", 0, f"size={room_kb}k".encode()):
        sys.exit(MAY_NOT_MOUNT)
    try:
        run_typed(command)
    finally:
        left.write_text("\n".join(str(path) for path in folder.rglob("*") if path.is_file()))


@LINUX
@pytest.mark.parametrize(
    ("command", "room_kb"),
    [("train", 30_000), ("convert", 8), ("convert_weights", 64), ("stylegan.train", 700)],
)
def test_a_full_disk(folder: Path, command: str, room_kb: int) -> None:
    told, left = (folder / "stdout", folder / "stderr"), folder / "left"
    said = Typed(command, COMMANDS[command], str(folder), told=told)
    process = forks().Process(target=in_small_room, args=(said, room_kb, left))
    process.start()
    process.join(240)
    process.kill()
    if process.exitcode == MAY_NOT_MOUNT:
        pytest.skip("nobody may mount here")
    errors = told[1].read_text()
    assert process.exitcode == 2 and errors.splitlines()[-1].startswith("error: ") and "Traceback" not in errors
    assert "no space left" in errors or "disk is full" in errors
    names = left.read_text().split()
    assert not [name for name in names if TEMP_MARK in name or name.endswith((".safetensors", ".mp4", ".pt"))]


@LINUX
@pytest.mark.parametrize(
    ("command", "memory_kb", "too_large"),
    [
        ("train", 4_000_000, ("model=df", "model.ae_dims=1024", "model.e_dims=256", "model.resolution=512")),
        ("stylegan.train", 2_000_000, ("plan.resolution=128", f"plan.channels={','.join(['2048'] * 6)}")),
        ("convert", 900_000, ()),
        ("convert_weights", 1_200_000, ()),  # numpy loads in this, SciPy's own OpenBLAS ends the process or hangs
    ],
)  # fmt: skip
def test_too_little_memory(folder: Path, command: str, memory_kb: int, too_large: tuple[str, ...]) -> None:
    arguments = shlex.join((*COMMANDS[command], *too_large))
    done = typed(f'ulimit -v {memory_kb}; "$PYTHON" -m faceswap.{command} {arguments}', folder)
    refused(done, "error: ")
    assert "out of memory" in done.stderr if too_large else "MB of memory (ulimit -v)" in done.stderr
    left = [path for path in (folder / "full").rglob("*") if path.is_file()]
    assert not [path for path in left if TEMP_MARK in path.name or path.suffix in (".mp4", ".safetensors")]
