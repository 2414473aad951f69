"""How soon the studio shows what a changed setting does to a frame of a film of 1280 x 720.

python -m tools.bench studio --workspace DIR        a run of hanna and vera there, as `make demo` leaves one
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np

from faceswap.media.reading import read_frames
from faceswap.media.sources import probe

DEMO = Path(__file__).resolve().parents[2] / "demo"
TARGET_SECONDS = 1.0
SIZE_PX = (1280, 720)
FRAMES = 60
SHOWN = 30  # number of the frame that is looked at
USUAL = {"mask": "learned", "colour": "reinhard", "blender": "alpha", "detail": "reference"}
CHANGES: dict[str, dict[str, Any]] = {
    "sharpen": {"sharpen": 1}, "strength": {"strength": 0.5}, "mask.feather": {"mask.feather": 0.2},
    "mask=hull": {"mask": "hull"}, "mask=parsed": {"mask": "parsed"}, "colour=mkl": {"colour": "mkl"},
    "blender=poisson": {"blender": "poisson"}, "keep=mouth": {"keep": "mouth"}, "face_scale": {"face_scale": 1.1},
    "detail=none": {"detail": "none"},
}  # fmt: skip


def main(argv: list[str]) -> dict[str, Any]:
    """Measure, print the numbers as JSON and return them."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench studio", description=__doc__.split("\n")[0])
    parser.add_argument("--workspace", type=Path, required=True, help="where the run lies")
    parser.add_argument("--run", default="hanna_vera", metavar="NAME", help="the run")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="studio-") as name:
        workspace = Path(name) / "workspace"
        for part in (f"runs/{options.run}", "faces/hanna"):
            shutil.copytree(options.workspace / part, workspace / part)
        film = _film(Path(name) / "film.mp4")
        line = [sys.executable, "-m", "faceswap.extract", f"video={film}", f"workspace={workspace}"]
        subprocess.run(line, check=True, capture_output=True)
        found = _timed(workspace, film, options.run)
    settings = {change: seconds for change, seconds in found.items() if change not in ("first", "another frame")}
    result = {
        "seconds": found, "median_of_a_setting": round(statistics.median(settings.values()), 3),
        "slowest_setting": max(settings, key=lambda change: settings[change]), "target": TARGET_SECONDS,
        "met": max(settings.values()) <= TARGET_SECONDS,
    }  # fmt: skip
    print(json.dumps(result, indent=2))
    return result


def _timed(workspace: Path, film: Path, run: str) -> dict[str, float]:
    """Return the seconds to the frame for each change, each from the usual settings, which were drawn before."""
    line = [sys.executable, "-m", "faceswap.studio", f"workspace={workspace}", f"media={film.parent}", "port=0",
            "workers=0"]  # fmt: skip
    studio = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert studio.stderr is not None
    try:
        url = next(address[0] for told in studio.stderr if (address := re.search(r"http://\S+", told)))
        with httpx.Client(follow_redirects=True, timeout=300) as client:
            client.get(url).raise_for_status()
            base = url.partition("/?")[0]

            def seconds(frame: int, **said: Any) -> float:
                asked = {"run": run, "film": str(film), "frame": frame, **USUAL, **said}
                began = time.perf_counter()
                client.get(f"{base}/convert/frame.jpg", params=asked).raise_for_status()
                return round(time.perf_counter() - began, 3)

            found = {"first": seconds(SHOWN), "another frame": seconds(SHOWN + 10)}
            for change, said in CHANGES.items():
                seconds(SHOWN)
                found[change] = seconds(SHOWN, **said)
            return found
    finally:
        studio.send_signal(signal.SIGINT)
        studio.wait(90)


def _film(path: Path) -> Path:
    """Write the demo's test clip, enlarged to the height of the picture, between bars."""
    width, height = SIZE_PX
    left = (width - height) // 2
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in read_frames(probe(DEMO / "vera_test.mp4"), 0, FRAMES):
            picture = np.full((height, width, 3), 32, np.uint8)
            picture[:, left : left + height] = cv2.resize(frame.image, (height, height), interpolation=cv2.INTER_CUBIC)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path
