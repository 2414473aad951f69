"""python -m faceswap.convert that is killed, or has its segments made by others: film and layers are the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from faceswap.compositing.segments.work_folder import work_path
from tests.clips import make_clip
from tests.commands.conftest import Example, run, run_process
from tests.compositing.clips import content_of

LENGTH = 16
LAYERS = "output=film,mask,patch"


def _said(example: Example, film, out: Path, *more: str) -> list[str]:
    found = ("finder=landmarks", f"finder.path={film.landmarks}")
    usual = ("pair=craig_brosnan", "device=cpu", "detail=none", f"segment_frames={LENGTH}", "preset=ultrafast")
    return [*usual, f"video={film.video}", *found, f"out={out}", *more]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("film"), "film", 40)


@pytest.fixture(scope="module")
def whole(example, film, tmp_path_factory) -> dict[Path, Any]:
    """The film with its layers: without them it is the same."""
    out = tmp_path_factory.mktemp("whole") / "out.mp4"
    run("convert", *_said(example, film, out, LAYERS), cwd=example.folder)
    return content_of(out.parent)


@pytest.mark.parametrize(("seed", "output"), [(1, "output=film"), (2, LAYERS)])
def test_a_killed_command_goes_on(seed, output, example, film, whole, tmp_path) -> None:
    out, choose = tmp_path / "out.mp4", random.Random(seed)
    told = _said(example, film, out, output)
    said = [sys.executable, "-m", "faceswap.convert", *told]
    process = subprocess.Popen(said, cwd=example.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(work_path(out).glob("segment_*.json")):
        time.sleep(0.01)
    time.sleep(choose.uniform(0, 0.2))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    was_made = out.exists()  # all but the end of the process
    ran = run("convert", *told, cwd=example.folder)
    assert "are there already" in ran.stderr or was_made
    made = content_of(tmp_path)
    assert made == (whole if output == LAYERS else {Path("out.mp4"): whole[Path("out.mp4")]})
    assert not list(tmp_path.glob(".*"))


def test_two_processes_make_the_same_film_and_layers(example, film, whole, tmp_path) -> None:
    out = tmp_path / "out.mp4"
    cores = len(os.sched_getaffinity(0))
    ran = run("convert", *_said(example, film, out, "workers=2", LAYERS), cwd=example.folder)
    assert ("so 1 works" in ran.stderr) == (cores == 1)
    assert content_of(tmp_path) == whole and not list(tmp_path.glob(".*"))


def test_a_ray_cluster_of_two_nodes_makes_the_same_film(example, film, whole, tmp_path, ray_address) -> None:
    said = _said(example, film, tmp_path / "out.mp4", "engine=ray")
    ran = run_process("convert", *said, cwd=example.folder, RAY_ADDRESS=ray_address)
    assert "2 tasks on 2 cores of 2 nodes" in ran.stderr
    assert content_of(tmp_path) == {Path("out.mp4"): whole[Path("out.mp4")]} and not list(tmp_path.glob(".*"))
