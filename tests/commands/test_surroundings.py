"""Commands among links of strangers, other rights, names that are no UTF-8 and a terminal that goes away."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faceswap.swap.runs.checkpoints import OPTIMIZER_FILE
from tests.clips import Clip, make_clip
from tests.commands.conftest import FAST, SMALL, Example, one_line_error, run, run_process
from tests.processes import running
from tests.stylegan.tiny import tiny_files

POINTS = ("finder=landmarks",)


@pytest.fixture
def copied(example: Example, tmp_path: Path) -> Example:
    """The example's films, sets and run, to be spoiled; nothing of what other tests have made there."""
    folder = tmp_path / "example"
    folder.mkdir()
    films = [Clip(folder / c.video.name, folder / c.landmarks.name, c.frames) for c in (example.a, example.b)]
    for one, own in zip((example.a, example.b), films, strict=True):
        shutil.copy(one.video, own.video)
        shutil.copy(one.landmarks, own.landmarks)
    for name in ("faces", "runs/craig_brosnan"):
        place = Path("workspace", name)
        shutil.copytree(example.folder / place, folder / place, copy_function=_copy)
    return Example(folder, *films)


def _copy(source: str, target: str) -> None:
    """Copies a file; the 75 MB of an optimiser's moments, which no test here changes, are linked."""
    (os.link if Path(source).name == OPTIMIZER_FILE else shutil.copy2)(source, target)


COMMANDS = {
    "extract": ("faces/craig", ("video=craig.mp4", "finder=landmarks", "restart=true")),
    "curate": ("faces/craig", ("faces=craig", "people=false", "reject=blur")),
    "train": (
        "runs/craig_brosnan",
        ("pair=craig_brosnan", "iterations=99", *FAST),
    ),  # none is taken: each of these is refused
    "convert": ("runs/craig_brosnan", ("pair=craig_brosnan", "device=cpu", "stop=1")),
}


@pytest.mark.parametrize(
    ("command", "planted"),
    [
        ("extract", ".lock"), ("extract", "alignments.jsonl"), ("curate", ".lock"), ("curate", "removed"),
        ("train", ".lock"), ("train", "checkpoints"), ("train", "previews"), ("convert", "checkpoints"),
    ],
)  # fmt: skip
def test_a_link_that_came_with_a_set_or_run_is_refused_at_every_start(copied, tmp_path, command, planted):
    folder, arguments = COMMANDS[command]
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    link = copied.folder / "workspace" / folder / planted
    is_folder = link.is_dir() or planted == "removed"
    if link.exists():
        link.rename(tmp_path / "own")
    link.symlink_to(precious if is_folder else precious / "thesis.txt")
    ran = run(command, *arguments, cwd=copied.folder, code=None)
    assert f"{planted} is a link" in one_line_error(ran)
    assert [path.name for path in precious.iterdir()] == ["thesis.txt"]
    assert (precious / "thesis.txt").read_text() == "years of work"


WEIGHTS = ("generator=g/generator.safetensors", "encoder=g/encoder.safetensors", "device=cpu")
OUTSIDE = "workspace/runs/passed_on/linked/deep"  # through a link in a run that somebody passed on


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("generate", ("seeds=0", WEIGHTS[0], f"out={OUTSIDE}/faces")),
        ("morph", ("a=1", "b=2", "seconds=0.2", *WEIGHTS, f"out={OUTSIDE}/morph.mp4")),
        ("convert_weights", (WEIGHTS[0], f"out={OUTSIDE}/again.safetensors")),
        ("stylegan.metrics", (*WEIGHTS, "measures=[path_length]", f"out={OUTSIDE}/metrics.json")),
    ],
)  # fmt: skip
def test_out_does_not_lead_through_a_link_in_the_workspace(tmp_path, command, arguments):
    for folder in ("precious", "workspace/runs/passed_on", "g"):
        (tmp_path / folder).mkdir(parents=True)
    tiny_files(tmp_path / "g")
    (tmp_path / "workspace/runs/passed_on/linked").symlink_to(tmp_path / "precious")
    assert "linked is a link" in one_line_error(run(command, *arguments, cwd=tmp_path, code=None))
    assert list((tmp_path / "precious").iterdir()) == []


def test_a_training_outlives_its_reader_and_saves_when_the_terminal_closes(copied):
    command = [sys.executable, "-m", "faceswap.train", "pair=craig_brosnan", "run=long", "iterations=100000", *SMALL,
               "save_every=100000"]  # fmt: skip
    with running(
        command, cwd=copied.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # nohup may have begun the tests
    ) as process:  # fmt: skip
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.close()  # as `2>&1 | head -1` does
        folder = copied.folder / "workspace" / "runs" / "long"
        deadline = time.monotonic() + 120
        while not list(folder.glob("previews/00000008*")):  # goes on for some steps without anybody who reads
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=120) == 130
    (checkpoint,) = (folder / "checkpoints").iterdir()
    assert int(checkpoint.name) >= 8 and not (folder / ".lock").exists()


def test_names_that_are_no_utf8_and_the_rights_of_the_umask(tmp_path):
    home = tmp_path / os.fsdecode(b"J\xfcrgen")
    home.mkdir()
    for frames, name in ((4, b"m\xe4x"), (5, b"\xff")):
        make_clip(tmp_path, "film", frames)
        for suffix in (".mp4", ".landmarks.npz"):
            (tmp_path / f"film{suffix}").rename(home / (os.fsdecode(name) + suffix))
    before = os.umask(0o027)
    try:
        for name, typed in ((b"m\xe4x", run_process), (b"\xff", run)):
            typed("extract", os.fsdecode(b"video=" + name + b".mp4"), *POINTS, cwd=home)
        pair = os.fsdecode(b"pair=m\xe4x_\xff")
        run("train", pair, "iterations=1", *SMALL, cwd=home)
        again = run_process("train", pair, "iterations=2", *SMALL, cwd=home)
    finally:
        os.umask(before)
    assert "going on from iteration 1" in again.stderr
    rights = {path: stat.S_IMODE(path.stat().st_mode) for path in (home / "workspace").rglob("*")}
    assert len(rights) > 10
    assert {path: oct(mode) for path, mode in rights.items() if mode != (0o750 if path.is_dir() else 0o640)} == {}


def without_roots_rights() -> None:
    """In the child, before it runs: root, too, reads only what its mode allows (CAP_DAC_OVERRIDE, _READ_SEARCH)."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux" and os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize(
    ("command", "closed"),
    [("convert", "runs/craig_brosnan/checkpoints/*/model.safetensors"), ("train", "faces/craig/alignments.jsonl"),
     ("train", "runs/craig_brosnan/config.yaml")],
)  # fmt: skip
def test_what_may_not_be_read_is_not_called_damaged(copied, command, closed):
    for path in (copied.folder / "workspace").glob(closed):
        path.chmod(0)
    done = subprocess.run(
        [sys.executable, "-m", f"faceswap.{command}", *COMMANDS[command][1]],
        cwd=copied.folder, capture_output=True, text=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=without_roots_rights if os.geteuid() == 0 else None,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2 and "permission denied" in last and "damaged" not in last, done.stderr
