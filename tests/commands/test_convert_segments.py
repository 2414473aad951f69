"""python -m faceswap.convert that is killed, or has its segments made by others: the film is the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from faceswap.compositing.segments.work_folder import work_path
from tests.clips import make_clip
from tests.commands.conftest import Example, run, run_process

LENGTH = 16


def _said(example: Example, film, out: Path, *more: str) -> list[str]:
    found = ("finder=landmarks", f"finder.path={film.landmarks}")
    usual = ("pair=craig_brosnan", "device=cpu", "detail=none", f"segment_frames={LENGTH}", "preset=ultrafast")
    return [*usual, f"video={film.video}", *found, f"out={out}", *more]


def _packets(path: Path) -> list[tuple]:
    with av.open(str(path)) as film:
        return [(one.stream.index, one.pts, one.dts, bytes(one)) for one in film.demux()]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("film"), "film", 40)


@pytest.fixture(scope="module")
def whole(example, film, tmp_path_factory) -> list[tuple]:
    out = tmp_path_factory.mktemp("whole") / "out.mp4"
    run("convert", *_said(example, film, out), cwd=example.folder)
    return _packets(out)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_command_goes_on(seed, example, film, whole, tmp_path) -> None:
    out, choose = tmp_path / "out.mp4", random.Random(seed)
    said = [sys.executable, "-m", "faceswap.convert", *_said(example, film, out)]
    process = subprocess.Popen(said, cwd=example.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(work_path(out).glob("segment_*.json")):
        time.sleep(0.01)
    time.sleep(choose.uniform(0, 0.4))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    ran = run("convert", *_said(example, film, out), cwd=example.folder)
    assert "are there already" in ran.stderr or process.returncode == 0
    assert _packets(out) == whole and not list(tmp_path.glob(".*"))


def test_two_processes_make_the_same_film(example, film, whole, tmp_path) -> None:
    out = tmp_path / "out.mp4"
    cores = len(os.sched_getaffinity(0))
    ran = run("convert", *_said(example, film, out, "workers=2"), cwd=example.folder)
    assert ("so 1 works" in ran.stderr) == (cores == 1)
    assert _packets(out) == whole and not list(tmp_path.glob(".*"))


def test_a_ray_cluster_of_two_nodes_makes_the_same_film(example, film, whole, tmp_path, monkeypatch) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        out = tmp_path / "out.mp4"
        said = _said(example, film, out, "engine=ray")
        ran = run_process("convert", *said, cwd=example.folder, RAY_ADDRESS=cluster.address)
        assert "2 tasks on 2 cores of 2 nodes" in ran.stderr
        assert _packets(out) == whole and not list(tmp_path.glob(".*"))
    finally:
        cluster.shutdown()
