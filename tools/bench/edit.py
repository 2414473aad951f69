"""Editing a film: frames a second of the whole command, and how much more a still face flickers than its source.

python -m tools.bench edit                       ten seconds of a 512 x 512 clip of the demo
python -m tools.bench edit --generator G.safetensors --encoder E.safetensors --directions D.safetensors
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

CLIP = Path(__file__).resolve().parents[2] / "demo" / "hanna.mp4"
TARGET_FPS, TARGET_FLICKER = 6.0, 1.3
STILL_FRAMES, NOISE_LEVELS = 60, 2.0  # of the still clip: a frame with a camera's noise, grey levels
STILL_CRF = 10  # of both: an encoder that spares bits takes the noise away


def main(argv: list[str]) -> dict:
    """Return medians over `--runs`; prints them and the targets as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench edit", description=__doc__.split("\n")[0])
    for name in ("generator", "encoder", "directions"):
        parser.add_argument(f"--{name}", type=Path, help="a file (default: the shipped one)")
    parser.add_argument("--clip", type=Path, default=CLIP, help="a film of 512 x 512 with one face")
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--moves", nargs="*", default=["smile=+1.5"])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of edit")
    options = parser.parse_args(argv)
    files = [(name, getattr(options, name)) for name in ("generator", "encoder", "directions")]
    common = [f"{name}={path.resolve()}" for name, path in files if path] + options.moves + options.set
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = [
            edited(options.clip, folder / "moving.mp4", [*common, f"stop={options.frames}"])
            for _ in range(options.runs)
        ]
        still = write_still(options.clip, folder / "still.mp4")
        edited(still, folder / "still_edited.mp4", [*common, f"crf={STILL_CRF}"])
        source, result = flicker(still), flicker(folder / "still_edited.mp4")
        change = flicker_of_change(still, folder / "still_edited.mp4")
    fps = statistics.median(report["frames"] / seconds for report, seconds in runs)
    told = {
        "frames": runs[0][0]["frames"],
        "faces": runs[0][0]["faces"],
        "frames_per_second": round(fps, 2),
        "frames_per_second_without_starting": statistics.median(report["frames_per_second"] for report, _ in runs),
        "flicker_source": round(source, 4),
        "flicker_edited": round(result, 4),
        "flicker_ratio": round(result / source, 3),
        "size_of_the_edit": round(change[0], 3),
        "flicker_of_the_edit_alone": round(change[1], 4),
    }
    told["met"] = fps >= TARGET_FPS and result / source <= TARGET_FLICKER
    print(json.dumps(told, indent=2))
    return told


def edited(clip: Path, out: Path, settings: list[str]) -> tuple[dict, float]:
    """Return the command's report, and the seconds it took from start to end."""
    from faceswap.compositing.results import report_path

    began = time.perf_counter()
    command = [sys.executable, "-m", "faceswap.edit", f"video={clip}", f"out={out}", *settings]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    seconds = time.perf_counter() - began
    return json.loads(report_path(out).read_text()), seconds


def write_still(clip: Path, path: Path) -> Path:
    """Return a film of the clip's first frame, again and again, with new noise each time."""
    from faceswap.core.values import Frame
    from faceswap.media.reading import read_frames
    from faceswap.media.sources import probe
    from faceswap.media.video.coding import Coding
    from faceswap.media.writing import VideoWriter

    info = probe(clip)
    first = next(iter(read_frames(info, 0, 1)))
    rng = np.random.default_rng(0)
    with VideoWriter(path, info, stop=STILL_FRAMES, coding=Coding(crf=STILL_CRF)) as writer:
        for index in range(STILL_FRAMES):
            noisy = first.image + rng.normal(0, NOISE_LEVELS, first.image.shape)
            writer.write(Frame(np.clip(noisy, 0, 255).astype(np.uint8), index, index / float(info.frames_per_second)))
    return path


def flicker(film: Path) -> float:
    """Return the mean change from frame to frame in the middle of the picture, grey levels."""
    middles = [middle(image) for image in pictures(film)]
    return statistics.mean(float(np.abs(b - a).mean()) for a, b in pairwise(middles))


def flicker_of_change(source: Path, result: Path) -> tuple[float, float]:
    """Return what the edit adds in the middle of the picture.

    How much that changes from frame to frame, grey levels.
    """
    changes = [middle(b) - middle(a) for a, b in zip(pictures(source), pictures(result), strict=True)]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(changes)]
    return statistics.mean(float(np.abs(change).mean()) for change in changes), statistics.mean(steps)


def pictures(film: Path) -> list[np.ndarray]:
    """Return all pictures of a film."""
    from faceswap.media.reading import read_frames

    return [frame.image for frame in read_frames(film)]


def middle(image: np.ndarray) -> np.ndarray:
    """Return the central half of a picture, where the face is."""
    height, width = image.shape[:2]
    return image[height // 4 : -height // 4, width // 4 : -width // 4].astype(np.float32)
