"""An extraction that was stopped or killed ends as an uninterrupted one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from faceswap.core.face_set import ALIGNMENTS
from faceswap.extraction.journal import JOURNAL
from faceswap.utils.errors import Interrupted
from tests.extraction.made import COUNT, MovingFinder, contents, extract_faces
from tests.extraction.test_pipeline import ROOT, report
from tests.leftovers import left_by


@pytest.mark.parametrize("stops", [(1,), (5, 6), (17, 18, 19), (39,)])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_ends_as_the_whole_one(
    pictures: Path, whole: Path, tmp_path: Path, stops: tuple[int, ...], error: type[BaseException]
) -> None:
    looked_at: list[int] = []
    for stop in stops:
        finder = MovingFinder(fail_at=stop, error=error("stop"))
        with pytest.raises((Interrupted, RuntimeError)):
            extract_faces(pictures, finder, tmp_path / "walk", size_px=64)
        assert report(tmp_path / "walk")["completed"] is False
        looked_at += finder.seen
    last = MovingFinder()
    extract_faces(pictures, last, tmp_path / "walk", size_px=64)
    assert contents(tmp_path / "walk") == contents(whole)
    assert report(tmp_path / "walk")["tracks"] == report(whole)["tracks"]
    assert len(looked_at + last.seen) <= COUNT + 3 * len(stops)  # at most the batch in hand is lost


def test_an_interruption_says_that_it_goes_on(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="stopped after 6 frames; the same command goes on"):
        extract_faces(pictures, MovingFinder(fail_at=6), tmp_path / "walk", size_px=64)


def test_frames_that_are_done_are_not_found_again(pictures: Path, tmp_path: Path) -> None:
    first, second = MovingFinder(fail_at=12), MovingFinder()
    with pytest.raises(Interrupted):
        extract_faces(pictures, first, tmp_path / "walk", size_px=64)
    extract_faces(pictures, second, tmp_path / "walk", size_px=64)
    assert first.seen + second.seen == list(range(COUNT))


SCRIPT = """
import sys
from pathlib import Path
from tests.extraction.made import MovingFinder, extract_faces
extract_faces(sys.argv[1], MovingFinder(seconds=0.01), Path(sys.argv[2]), size_px=64)
"""


def test_killed_again_and_again_it_ends_as_the_whole_one(pictures: Path, whole: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    command = [sys.executable, "-c", SCRIPT, str(pictures), str(tmp_path / "walk")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for _ in range(4):
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not (tmp_path / "walk" / JOURNAL).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0, 0.25)))
        process.send_signal(signal.SIGKILL)
        process.wait()
    extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    assert contents(tmp_path / "walk") == contents(whole)


@pytest.mark.parametrize("lost", [1, 30, 300, 10**9])
@pytest.mark.parametrize("name", [ALIGNMENTS, JOURNAL])
def test_files_cut_off_by_a_power_failure_are_mended(
    pictures: Path, whole: Path, tmp_path: Path, name: str, lost: int
) -> None:
    with pytest.raises(Interrupted):
        extract_faces(pictures, MovingFinder(fail_at=21), tmp_path / "walk", size_px=64)
    path = tmp_path / "walk" / name
    head = 0 if name == ALIGNMENTS else len(path.read_bytes().split(b"\n")[0]) + 1
    os.truncate(path, max(head, path.stat().st_size - lost))
    extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    assert contents(tmp_path / "walk") == contents(whole)


def test_a_line_without_its_note_is_dropped(pictures: Path, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        extract_faces(pictures, MovingFinder(fail_at=21), tmp_path / "walk", size_px=64)
    alignments = tmp_path / "walk" / ALIGNMENTS
    lines = alignments.read_bytes()
    alignments.write_bytes(lines + lines.split(b"\n")[0] + b"\n" + lines[:40])
    left_by(tmp_path / "walk" / "000021_00.jpg").write_bytes(b"half a picture")
    extract_faces(pictures, MovingFinder(), tmp_path / "walk", size_px=64)
    assert contents(tmp_path / "walk") == contents(whole)
